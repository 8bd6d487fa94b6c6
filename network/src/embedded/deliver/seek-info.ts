import { len, ProtoReader, varint } from '../../wire-format/index.js';

export type SeekPosition =
  | { readonly kind: 'newest' | 'oldest' | 'next-commit' }
  | { readonly kind: 'specified'; readonly number: number };

/** orderer.SeekInfo */
export interface SeekInfo {
  readonly start: SeekPosition | undefined;
  readonly stop: SeekPosition | undefined;
  /** Ends the request at the tip instead of waiting there. */
  readonly failIfNotReady: boolean;
  /** Leaves out the data of blocks that carry no configuration. */
  readonly headersOnly: boolean;
}

export function readSeekInfo(bytes: Uint8Array): SeekInfo {
  const reader = new ProtoReader(bytes);
  let start: SeekPosition | undefined;
  let stop: SeekPosition | undefined;
  let failIfNotReady = false;
  let headersOnly = false;
  for (let tag = reader.next(); tag !== 0; tag = reader.next()) {
    if (tag === len(1)) start = readPosition(reader.bytes());
    else if (tag === len(2)) stop = readPosition(reader.bytes());
    else if (tag === varint(3)) failIfNotReady = reader.int32() === 1;
    else if (tag === varint(5)) headersOnly = reader.int32() === 1;
    else reader.skip(tag);
  }
  return { start, stop, failIfNotReady, headersOnly };
}

function readPosition(bytes: Buffer): SeekPosition | undefined {
  const reader = new ProtoReader(bytes);
  let position: SeekPosition | undefined;
  for (let tag = reader.next(); tag !== 0; tag = reader.next()) {
    if (tag === len(1)) position = { kind: 'newest' };
    else if (tag === len(2)) position = { kind: 'oldest' };
    else if (tag === len(3)) {
      position = { kind: 'specified', number: readNumber(reader.bytes()) };
      continue;
    } else if (tag === len(4)) position = { kind: 'next-commit' };
    reader.skip(tag);
  }
  return position;
}

function readNumber(bytes: Buffer): number {
  const reader = new ProtoReader(bytes);
  let number = 0;
  for (let tag = reader.next(); tag !== 0; tag = reader.next()) {
    if (tag === varint(1)) number = reader.number();
    else reader.skip(tag);
  }
  return number;
}
