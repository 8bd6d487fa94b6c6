import { isUtf8 } from 'node:buffer';

/** Wire types of the protobuf encoding that Fabric's messages use. */
const VARINT = 0;
const FIXED64 = 1;
const LENGTH_DELIMITED = 2;
const FIXED32 = 5;

/** Bytes that are no protobuf message, or hold text that is not UTF-8 (Go refuses it as well). */
export class MalformedMessageError extends Error {
  override readonly name = 'MalformedMessageError';
}

/**
 * Reads a protobuf message field by field without copying: `bytes()` returns views of the input, so that what was
 * signed or hashed is kept verbatim. A field of an unexpected wire type reads as an unknown field, as in Go.
 */
export class ProtoReader {
  private position = 0;
  private wireType = VARINT;

  constructor(private readonly buffer: Buffer) {}

  /**
   * Moves to the next field and returns `fieldNumber << 3 | wireType`, or 0 at the end of the message.
   * The caller takes the value with `bytes`, `string` or `uint`, or drops it with `skip`.
   */
  tag(): number {
    if (this.position >= this.buffer.length) {
      return 0;
    }
    const tag = this.varint();
    this.wireType = tag & 7;
    if (tag < 8) {
      throw new MalformedMessageError('field number 0');
    }
    return tag;
  }

  uint(): number {
    return this.varint();
  }

  /** An int32 or an enum: 64-bit two's complement on the wire when negative. */
  int32(): number {
    return this.signedVarint();
  }

  bool(): boolean {
    return this.varint() !== 0;
  }

  bytes(): Buffer {
    const length = this.varint();
    const start = this.position;
    const end = start + length;
    if (end > this.buffer.length) {
      throw new MalformedMessageError('unexpected end of message');
    }
    this.position = end;
    return this.buffer.subarray(start, end);
  }

  string(): string {
    const length = this.varint();
    const start = this.position;
    const end = start + length;
    if (end > this.buffer.length) {
      throw new MalformedMessageError('unexpected end of message');
    }
    this.position = end;
    const text = this.buffer.toString('utf8', start, end);
    if (text.includes('\uFFFD') && !isUtf8(this.buffer.subarray(start, end))) {
      throw new MalformedMessageError('string field contains invalid UTF-8');
    }
    return text;
  }

  skip(): void {
    switch (this.wireType) {
      case VARINT:
        this.varint();
        return;
      case FIXED64:
        this.position += 8;
        break;
      case LENGTH_DELIMITED: {
        const length = this.varint();
        this.position += length;
        break;
      }
      case FIXED32:
        this.position += 4;
        break;
      default:
        throw new MalformedMessageError(`wire type ${this.wireType}`);
    }
    if (this.position > this.buffer.length) {
      throw new MalformedMessageError('unexpected end of message');
    }
  }

  private byte(): number {
    const value = this.buffer[this.position];
    if (value === undefined) {
      throw new MalformedMessageError('unexpected end of message');
    }
    this.position += 1;
    return value;
  }

  private varint(): number {
    let value = this.byte();
    if (value < 0x80) {
      return value;
    }
    value &= 0x7f;
    let factor = 0x80;
    for (let read = 1; read < 10; read += 1) {
      const next = this.byte();
      value += (next & 0x7f) * factor;
      if (next < 0x80) {
        return value;
      }
      factor *= 0x80;
    }
    throw new MalformedMessageError('varint of more than ten bytes');
  }

  private signedVarint(): number {
    const start = this.position;
    this.varint();
    let value = 0;
    for (let index = start; index < this.position && index < start + 5; index += 1) {
      value |= ((this.buffer[index] ?? 0) & 0x7f) << (7 * (index - start));
    }
    return value;
  }
}
