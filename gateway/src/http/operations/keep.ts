import type { IncomingMessage } from 'node:http';
import {
  DESCRIPTOR_HEADER,
  recordFactsSchema,
  type RecordFactsInput,
} from '@consent-ledger/chaincode/wire/http';
import { validateQuestion } from '@consent-ledger/chaincode/domain';
import { primitives, type DescriptorFacts } from '@consent-ledger/chaincode/wire';
import { factsOfResource } from '../../usecases/fhir-facts.js';
import { keepRecord, type KeepRecordOptions } from '../../usecases/keep-record.js';
import { Refusal } from '../../usecases/refusal.js';
import type { HandlersOf } from '../handlers.js';
import { bodyOf, parseJson, readBytes } from '../json-body.js';
import { refusalOfInput } from '../problems.js';

/** A FHIR resource up to this size is read for its facts; a larger record must be described by the header. */
const READABLE_BYTES = 1024 * 1024;

/** Records come in. */
export function keepHandlers(options: KeepRecordOptions): HandlersOf<'putRecord'> {
  return {
    putRecord: async ({ params, query, request }) => {
      const mediaType = mediaTypeOf(request);
      const announced = Number(request.headers['content-length'] ?? 0);
      if (announced > options.recordBytes) throw new Refusal('body-too-large');
      const stated = statedFacts(request);
      const { derived, content } = await readFacts(request, mediaType, stated !== undefined);
      const facts = { reference: `Binary/${params.id}`, ...derived, ...stated } as DescriptorFacts;
      requireFacts(facts);
      const kept = await keepRecord(
        {
          record: params.id,
          subjects: [...new Set(query.subject)],
          mediaType,
          facts,
          reason: query.reason,
          content,
        },
        options,
      );
      const { version, digest, bytes, transaction, block } = kept;
      return {
        status: kept.isNew ? 201 : 200,
        headers: { Location: `/v1/records/${params.id}` },
        body: { record: params.id, version, digest, bytes, facts, transaction, block },
      };
    },
  };
}

function mediaTypeOf({ headers }: IncomingMessage): string {
  const parsed = primitives.mediaType.safeParse(
    (headers['content-type'] ?? '').split(';', 1)[0]?.trim().toLowerCase(),
  );
  if (!parsed.success) {
    const errors = [{ path: 'header.content-type', message: 'must be a media type' }];
    throw new Refusal('parameter-malformed', { errors });
  }
  if ((headers['content-encoding'] ?? 'identity') !== 'identity') throw new Refusal('media-type-unsupported');
  return parsed.data;
}

function statedFacts({ headers }: IncomingMessage): RecordFactsInput | undefined {
  const header = headers[DESCRIPTOR_HEADER];
  if (header === undefined) return undefined;
  let value: unknown;
  try {
    value = JSON.parse(Buffer.from(typeof header === 'string' ? header : '', 'base64url').toString('utf8'));
  } catch (cause) {
    const errors = [{ path: `header.${DESCRIPTOR_HEADER}`, message: 'must be base64url of JSON' }];
    throw new Refusal('parameter-malformed', { errors, cause });
  }
  const parsed = recordFactsSchema.safeParse(value);
  if (!parsed.success) throw refusalOfInput(parsed.error, `header.${DESCRIPTOR_HEADER}`);
  return parsed.data;
}

/** Facts become part of every question about the record, so they must make a valid one. Throws a Refusal that says why not. */
function requireFacts(facts: DescriptorFacts): void {
  const probe = {
    at: '2000-01-01T00:00:00Z',
    requester: { member: 'Organization/probe' },
    purpose: ['TREAT'],
  };
  const checked = validateQuestion({ ...probe, record: facts });
  if (checked.ok) return;
  const errors = checked.problems.map(({ path, message }) => ({
    path: path.replace(/^record/, 'facts'),
    message,
  }));
  throw new Refusal('record-facts-refused', { errors });
}

/** The facts that a FHIR resource states of itself, and its bytes again. */
async function readFacts(
  request: IncomingMessage,
  mediaType: string,
  isDescribed: boolean,
): Promise<{ derived: Partial<DescriptorFacts>; content: AsyncIterable<Uint8Array> }> {
  const stream = bodyOf(request);
  if (mediaType !== 'application/fhir+json') return { derived: {}, content: stream };
  const length = Number(request.headers['content-length'] ?? Number.NaN);
  if (!(length <= READABLE_BYTES)) {
    if (isDescribed) return { derived: {}, content: stream };
    const message = `is needed for a resource of unknown length or of more than ${READABLE_BYTES} bytes`;
    throw new Refusal('parameter-malformed', { errors: [{ path: `header.${DESCRIPTOR_HEADER}`, message }] });
  }
  const bytes = await readBytes(request, READABLE_BYTES);
  const derived = factsOfResource(parseJson(bytes));
  if (derived === undefined) {
    throw new Refusal('body-malformed', {
      errors: [{ path: '$', message: 'must be a FHIR resource in JSON' }],
    });
  }
  return { derived, content: once(bytes) };
}

async function* once(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  yield await Promise.resolve(bytes);
}
