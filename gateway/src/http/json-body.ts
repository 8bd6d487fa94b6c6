import { surveyJson, type JsonSurvey } from '@consent-ledger/chaincode/wire';
import type { IncomingMessage } from 'node:http';
import { Refusal } from '../usecases/refusal.js';

const MAX_DEPTH = 64;
const UTF8 = new TextDecoder('utf-8', { fatal: true });

/**
 * Reads a JSON body: `application/json` (or `+json`), UTF-8, not encoded in any other way, at most `maxBytes` long and 64
 * levels deep, so that nobody can make the parsers recurse without end. Throws a Refusal.
 */
export async function readJsonBody(request: IncomingMessage, maxBytes: number): Promise<unknown> {
  const mediaType = (request.headers['content-type'] ?? '').split(';', 1)[0]?.trim().toLowerCase() ?? '';
  if (!/^application\/([a-z0-9.-]+\+)?json$/.test(mediaType)) throw new Refusal('media-type-unsupported');
  if ((request.headers['content-encoding'] ?? 'identity') !== 'identity')
    throw new Refusal('media-type-unsupported');
  return parseJson(await readBytes(request, maxBytes));
}

/**
 * Reads a body that may have at most `maxBytes`: by events, since iterating costs several times as much for a body of one
 * chunk. Throws a Refusal `body-too-large`; then the rest is still there to be read.
 */
export function readBytes(request: IncomingMessage, maxBytes: number): Promise<Buffer> {
  if (Number(request.headers['content-length'] ?? 0) > maxBytes) {
    return Promise.reject(new Refusal('body-too-large'));
  }
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    let length = 0;
    const settle = (): void => {
      request.off('data', take).off('end', settle).off('error', fail).off('close', settle);
      if (length > maxBytes) reject(new Refusal('body-too-large'));
      else if (request.complete) resolve(Buffer.concat(chunks, length));
      else reject(new Refusal('body-malformed', { errors: [{ path: '$', message: 'breaks off' }] }));
    };
    const take = (chunk: Buffer): void => {
      length += chunk.length;
      if (length <= maxBytes) chunks.push(chunk);
      else {
        request.pause();
        settle();
      }
    };
    const fail = (error: Error): void => {
      request.off('data', take).off('end', settle).off('close', settle);
      reject(error);
    };
    request.on('data', take).once('end', settle).once('error', fail).once('close', settle);
  });
}

/** The bytes of a body. Whoever stops reading can still answer: the connection is not torn down for it. */
export function bodyOf(request: IncomingMessage): AsyncIterable<Uint8Array> {
  const iterator = request.iterator({ destroyOnReturn: false }) as AsyncIterator<Uint8Array>;
  return { [Symbol.asyncIterator]: () => iterator };
}

/**
 * Parses JSON in UTF-8 that is at most 64 levels deep and names nothing twice in one object, of which the parser would
 * drop all but the last. Throws a Refusal `body-malformed`.
 */
export function parseJson(bytes: Buffer): unknown {
  let survey: JsonSurvey;
  let value: unknown;
  try {
    const text = UTF8.decode(bytes);
    survey = surveyJson(text, MAX_DEPTH);
    if (survey.isTooDeep) throw malformed(`must be at most ${MAX_DEPTH} levels deep`);
    value = JSON.parse(text);
  } catch (cause) {
    throw cause instanceof Refusal ? cause : malformed('must be JSON in UTF-8', cause);
  }
  if (survey.repeated !== undefined) throw malformed('must not name anything twice in one object');
  return value;
}

function malformed(message: string, cause?: unknown): Refusal {
  return new Refusal('body-malformed', { errors: [{ path: '$', message }], cause });
}
