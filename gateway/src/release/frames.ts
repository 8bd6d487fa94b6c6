import { canonicalBytes, MAX_JOURNAL_LENGTH, primitives, z } from '@consent-ledger/chaincode/wire';
import { problemSchema } from '@consent-ledger/chaincode/wire/http';
import { SegmentBuffer } from './segments.js';

const { digest, eventKey, fhirId, mediaType, transactionId, version } = primitives;

const MAX_CIPHERTEXT = 1024 * 1024;
const MAX_CONTROL = 256 * 1024;
const MAX_LENGTH = 1 + MAX_CIPHERTEXT;
const LENGTH_BYTES = 4;
const HEAD_BYTES = LENGTH_BYTES + 1;
const CONTROL = 1;
const CIPHERTEXT = 2;

const recordStart = z.strictObject({
  frame: z.literal('record'),
  record: fhirId,
  version,
  /** Of the ciphertext. */
  bytes: z.int().min(1),
  digest,
  mediaType,
  /** Denied requests to amend it that go with it (45 CFR 164.526(d)(5)). */
  amendments: z
    .array(z.strictObject({ amendment: fhirId, isDisputed: z.boolean() }))
    .max(16)
    .exactOptional(),
});
const recordEnd = z.strictObject({ frame: z.literal('record-end'), record: fhirId });
const settled = z.strictObject({
  frame: z.literal('settled'),
  event: z.strictObject({
    key: eventKey,
    /** base64url of the bytes of the event's value. */
    value: z.string().max(MAX_CONTROL),
    transaction: transactionId,
    block: z.int().min(0),
  }),
  keys: z.array(z.strictObject({ record: fhirId, jwe: z.string().max(4096) })).max(50),
  /** Permitted, and still not sent: it could not be pseudonymised. */
  withheld: z.array(fhirId).max(50).exactOptional(),
  /** Where a page of what a search finds goes on. */
  next: z.string().max(512).exactOptional(),
});
/** Which of several requests the frames that follow answer. */
const answer = z.strictObject({ frame: z.literal('answer'), place: z.int().min(0).max(99) });
/** In an emergency without the ledger: what the custodian has signed and kept, in the place of `settled`. */
const journalled = z.strictObject({
  frame: z.literal('journalled'),
  entry: z.string().max(MAX_JOURNAL_LENGTH),
});
const failed = z.strictObject({ frame: z.literal('failed'), problem: problemSchema });

const controlFrame = z.discriminatedUnion('frame', [
  recordStart,
  recordEnd,
  settled,
  journalled,
  answer,
  failed,
]);
export type ControlFrame = z.infer<typeof controlFrame>;
export type RecordStart = z.infer<typeof recordStart>;
export type SettledFrame = z.infer<typeof settled>;
export type JournalledFrame = z.infer<typeof journalled>;
export type ReleaseFrame = ControlFrame | { readonly frame: 'ciphertext'; readonly bytes: Buffer };

/** What came is no release stream. */
export class FrameError extends Error {
  override readonly name = 'FrameError';
}

/** Bytes of a control frame. */
export function encodeControl(frame: ControlFrame): Buffer {
  const payload = canonicalBytes(frame);
  return Buffer.concat([head(payload.length, CONTROL), payload]);
}

/** Ciphertext, cut into frames of at most 1 MiB. */
export function* encodeCiphertext(bytes: Uint8Array): Generator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += MAX_CIPHERTEXT) {
    const piece = bytes.subarray(at, at + MAX_CIPHERTEXT);
    yield head(piece.length, CIPHERTEXT);
    yield piece;
  }
}

function head(payloadBytes: number, type: number): Buffer {
  const bytes = Buffer.alloc(LENGTH_BYTES + 1);
  bytes.writeUInt32BE(payloadBytes + 1);
  bytes.writeUInt8(type, LENGTH_BYTES);
  return bytes;
}

/**
 * Reads frames out of a stream. Ciphertext is handed on in the pieces in which it comes, so that a frame may become several; holds one
 * control frame at most. Throws a FrameError for anything else, and for an end inside a frame.
 */
export async function* decodeFrames(source: AsyncIterable<Uint8Array>): AsyncGenerator<ReleaseFrame> {
  const buffer = new SegmentBuffer();
  let head: FrameHead | undefined;
  for await (const chunk of source) {
    buffer.push(chunk);
    for (;;) {
      if (head === undefined) {
        if (buffer.length < HEAD_BYTES) break;
        head = headOf(buffer.take(HEAD_BYTES));
      }
      if (head.type === CIPHERTEXT) {
        const bytes = buffer.take(Math.min(buffer.length, head.left));
        if (bytes.length > 0) yield { frame: 'ciphertext', bytes };
        head.left -= bytes.length;
        if (head.left > 0) break;
      } else {
        if (buffer.length < head.left) break;
        yield decodeControl(buffer.take(head.left));
      }
      head = undefined;
    }
  }
  if (head !== undefined || buffer.length > 0) throw new FrameError('the stream ends inside a frame');
}

interface FrameHead {
  readonly type: number;
  /** Of the payload. */
  left: number;
}

function headOf(bytes: Buffer): FrameHead {
  const length = bytes.readUInt32BE();
  if (length < 1 || length > MAX_LENGTH) throw new FrameError(`a frame of ${length} bytes`);
  const type = bytes.readUInt8(LENGTH_BYTES);
  const left = length - 1;
  if (type !== CIPHERTEXT && (type !== CONTROL || left > MAX_CONTROL))
    throw new FrameError(`a frame of type ${type}`);
  return { type, left };
}

function decodeControl(payload: Buffer): ReleaseFrame {
  try {
    return controlFrame.parse(JSON.parse(payload.toString('utf8')));
  } catch (cause) {
    throw new FrameError('a control frame that is not one', { cause });
  }
}
