import { isUtf8 } from 'node:buffer';

/** A message that no Go peer could have unmarshalled either. */
export class WireFormatError extends Error {
  override readonly name = 'WireFormatError';
}

/** Wire types of protobuf: https://protobuf.dev/programming-guides/encoding/#structure */
const VARINT = 0;
const FIXED64 = 1;
const LENGTH = 2;
const START_GROUP = 3;
const END_GROUP = 4;
const FIXED32 = 5;

/** The tag of a length-delimited field (message, bytes, string). */
export const len = (field: number): number => (field << 3) | LENGTH;
/** The tag of a varint field (integers, enums, booleans). */
export const varint = (field: number): number => field << 3;

/**
 * Reads protobuf without copying: every byte field is a view of the input, so that what was signed or
 * hashed stays as it came. Fails where Go's unmarshaller fails (truncation, bad tags, invalid UTF-8) and
 * skips what it skips: unknown fields and known fields with another wire type.
 *
 * The reader of a message switches on {@link next}, with {@link len} and {@link varint} tags as cases.
 */
export class ProtoReader {
  #at = 0;
  readonly #bytes: Buffer;

  constructor(bytes: Uint8Array) {
    this.#bytes = Buffer.isBuffer(bytes)
      ? bytes
      : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  /** The tag of the next field, or 0 at the end of the message. */
  next(): number {
    if (this.#at >= this.#bytes.length) return 0;
    const tag = this.number();
    if (tag > 0xffffffff || tag >>> 3 === 0) throw new WireFormatError('invalid field number');
    return tag;
  }

  /** A varint as number; beyond 2^53 the nearest number (never equal to anything that we compare with). */
  number(): number {
    const bytes = this.#bytes;
    let value = 0;
    let scale = 1;
    for (let count = 0; count < 10; count++) {
      const byte = bytes[this.#at++];
      if (byte === undefined) throw new WireFormatError('truncated varint');
      value += (byte & 0x7f) * scale;
      if (byte < 0x80) return value;
      scale *= 128;
    }
    throw new WireFormatError('varint too long');
  }

  /** An int32 or enum: the low 32 bits, signed. */
  int32(): number {
    const bytes = this.#bytes;
    let value = 0;
    for (let count = 0; count < 10; count++) {
      const byte = bytes[this.#at++];
      if (byte === undefined) throw new WireFormatError('truncated varint');
      if (count < 5) value |= (byte & 0x7f) << (7 * count);
      if (byte < 0x80) return value;
    }
    throw new WireFormatError('varint too long');
  }

  bool(): boolean {
    return this.number() !== 0;
  }

  bytes(): Buffer {
    const length = this.number();
    const end = this.#at + length;
    if (end > this.#bytes.length) throw new WireFormatError('truncated field');
    const view = this.#bytes.subarray(this.#at, end);
    this.#at = end;
    return view;
  }

  string(): string {
    const length = this.number();
    const start = this.#at;
    const end = start + length;
    if (end > this.#bytes.length) throw new WireFormatError('truncated field');
    this.#at = end;
    const text = this.#bytes.toString('utf8', start, end);
    // What is not UTF-8 was read as the replacement character, which may also be there by right.
    if (text.includes('\uFFFD') && !isUtf8(this.#bytes.subarray(start, end))) {
      throw new WireFormatError('string field contains invalid UTF-8');
    }
    return text;
  }

  /** Skips the field whose tag was just read. */
  skip(tag: number): void {
    switch (tag & 7) {
      case VARINT:
        this.number();
        return;
      case FIXED64:
        this.#advance(8);
        return;
      case LENGTH:
        this.bytes();
        return;
      case FIXED32:
        this.#advance(4);
        return;
      case START_GROUP:
        this.#skipGroup(tag >>> 3);
        return;
      default:
        throw new WireFormatError('invalid wire type');
    }
  }

  #skipGroup(field: number): void {
    for (;;) {
      const tag = this.next();
      if (tag === 0) throw new WireFormatError('truncated group');
      if ((tag & 7) === END_GROUP) {
        if (tag >>> 3 !== field) throw new WireFormatError('mismatching end of group');
        return;
      }
      this.skip(tag);
    }
  }

  #advance(count: number): void {
    this.#at += count;
    if (this.#at > this.#bytes.length) throw new WireFormatError('truncated field');
  }
}

/**
 * What a repeated occurrence of a singular message field means in protobuf: the occurrences are merged,
 * which is the same as joining their encodings.
 */
export function merged(previous: Buffer | undefined, next: Buffer): Buffer {
  return previous === undefined ? next : Buffer.concat([previous, next]);
}
