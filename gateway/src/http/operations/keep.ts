import type { IncomingMessage } from 'node:http';
import {
  DESCRIPTOR_HEADER,
  FHIR_MEDIA_TYPE,
  recordFactsSchema,
  type RecordFactsInput,
} from '@consent-ledger/chaincode/wire/http';
import { primitives, type DescriptorFacts } from '@consent-ledger/chaincode/wire';
import { keepRecord, type KeepRecordOptions } from '../../usecases/keep-record.js';
import { describeRecord, READABLE_BYTES } from '../../usecases/labelling/describe-record.js';
import type { QualityReports } from '../../usecases/quality/quality-reports.js';
import type { LabelTables } from '../../ports/label-tables.js';
import { Refusal } from '../../usecases/refusal.js';
import type { HandlersOf } from '../handlers.js';
import { bodyOf, parseJson, readBytes } from '../json-body.js';
import { refusalOfInput } from '../problems.js';

/** Records come in. */
export function keepHandlers(
  options: KeepRecordOptions,
  tables: LabelTables,
  reports: Pick<QualityReports, 'countsOf'>,
): HandlersOf<'putRecord'> {
  return {
    putRecord: async ({ params, query, request }) => {
      const mediaType = mediaTypeOf(request);
      const announced = Number(request.headers['content-length'] ?? 0);
      if (announced > options.recordBytes) throw new Refusal('body-too-large');
      const stated = statedFacts(request);
      const { resource, content } = await readResource(request, mediaType, stated !== undefined);
      const { facts, labelling } = describeRecord(
        { record: params.id, resource, stated: (stated ?? {}) as Partial<DescriptorFacts> },
        tables.current,
      );
      const subjects = [...new Set(query.subject)];
      const quality = await reports.countsOf(resource, subjects);
      const kept = await keepRecord(
        {
          record: params.id,
          subjects,
          mediaType,
          facts,
          labelling,
          reason: query.reason,
          content,
        },
        options,
      );
      const { version, digest, bytes, transaction, block } = kept;
      return {
        status: kept.isNew ? 201 : 200,
        headers: { Location: `/v1/records/${params.id}` },
        body: {
          record: params.id,
          version,
          digest,
          bytes,
          facts,
          ...(quality === undefined ? {} : { quality }),
          transaction,
          block,
        },
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

/** A FHIR resource that is small enough to be read, and the bytes of the record again. */
async function readResource(
  request: IncomingMessage,
  mediaType: string,
  isDescribed: boolean,
): Promise<{ resource: unknown; content: AsyncIterable<Uint8Array> }> {
  const stream = bodyOf(request);
  if (mediaType !== FHIR_MEDIA_TYPE) return { resource: undefined, content: stream };
  const length = Number(request.headers['content-length'] ?? Number.NaN);
  if (!(length <= READABLE_BYTES)) {
    if (isDescribed) return { resource: undefined, content: stream };
    const message = `is needed for a resource of unknown length or of more than ${READABLE_BYTES} bytes`;
    throw new Refusal('parameter-malformed', { errors: [{ path: `header.${DESCRIPTOR_HEADER}`, message }] });
  }
  const bytes = await readBytes(request, READABLE_BYTES);
  return { resource: parseJson(bytes), content: once(bytes) };
}

async function* once(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  yield await Promise.resolve(bytes);
}
