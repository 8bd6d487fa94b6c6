const INITIAL_CAPACITY = 512;

/**
 * Writes a protobuf message as Go does: fields in the order of the calls (callers keep to ascending numbers),
 * default values left out. Nested messages are written in place, without an intermediate buffer.
 */
export class ProtoWriter {
  private buffer: Buffer;
  private position = 0;

  constructor(capacity = INITIAL_CAPACITY) {
    this.buffer = Buffer.allocUnsafe(capacity);
  }

  /** Unsigned integer, up to 2^53 - 1; 0 is left out. */
  uint(field: number, value: number): void {
    if (value !== 0) {
      this.reserve(15);
      this.varint(field << 3);
      this.varint(value);
    }
  }

  /** An int32 or enum; negative numbers take ten bytes. */
  int32(field: number, value: number): void {
    if (value >= 0) {
      this.uint(field, value);
      return;
    }
    this.reserve(15);
    this.varint(field << 3);
    let rest = BigInt.asUintN(64, BigInt(value));
    while (rest > 0x7fn) {
      this.buffer[this.position++] = Number(rest & 0x7fn) | 0x80;
      rest >>= 7n;
    }
    this.buffer[this.position++] = Number(rest);
  }

  bool(field: number, value: boolean): void {
    this.uint(field, value ? 1 : 0);
  }

  bytes(field: number, value: Uint8Array | undefined): void {
    if (value !== undefined && value.length > 0) {
      this.presentBytes(field, value);
    }
  }

  /** An element of a repeated field, or a field with presence: written even when empty. */
  presentBytes(field: number, value: Uint8Array): void {
    this.reserve(value.length + 10);
    this.varint((field << 3) | 2);
    this.varint(value.length);
    this.buffer.set(value, this.position);
    this.position += value.length;
  }

  string(field: number, value: string): void {
    if (value.length > 0) {
      this.presentString(field, value);
    }
  }

  presentString(field: number, value: string): void {
    this.reserve(value.length * 3 + 10);
    this.varint((field << 3) | 2);
    const lengthAt = this.position;
    // Short ASCII is the common case: one length byte, corrected below when the text turns out longer.
    this.position += this.buffer.write(value, lengthAt + 1) + 1;
    this.closeLength(lengthAt);
  }

  /** A nested message, written even when empty (a message field has presence). */
  message(field: number, write: (writer: this) => void): void {
    this.reserve(10);
    this.varint((field << 3) | 2);
    const lengthAt = this.position;
    this.position += 1;
    write(this);
    this.closeLength(lengthAt);
  }

  /** A copy of what was written. */
  finish(): Buffer {
    return Buffer.from(this.buffer.subarray(0, this.position));
  }

  get length(): number {
    return this.position;
  }

  private closeLength(lengthAt: number): void {
    const start = lengthAt + 1;
    const length = this.position - start;
    if (length < 0x80) {
      this.buffer[lengthAt] = length;
      return;
    }
    let extra = 0;
    for (let rest = length; rest >= 0x80; rest = Math.floor(rest / 0x80)) {
      extra += 1;
    }
    this.reserve(extra);
    this.buffer.copyWithin(start + extra, start, this.position);
    this.position = lengthAt;
    this.varint(length);
    this.position += length;
  }

  private varint(value: number): void {
    let rest = value;
    while (rest >= 0x80) {
      this.buffer[this.position++] = (rest % 0x80) | 0x80;
      rest = Math.floor(rest / 0x80);
    }
    this.buffer[this.position++] = rest;
  }

  private reserve(extra: number): void {
    const needed = this.position + extra;
    if (needed > this.buffer.length) {
      const larger = Buffer.allocUnsafe(Math.max(needed, this.buffer.length * 2));
      this.buffer.copy(larger, 0, 0, this.position);
      this.buffer = larger;
    }
  }
}

/** Encodes one message. */
export function encodeMessage(write: (writer: ProtoWriter) => void): Buffer {
  const writer = new ProtoWriter();
  write(writer);
  return writer.finish();
}
