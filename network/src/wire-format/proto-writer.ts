const INITIAL_CAPACITY = 256;

/**
 * Writes protobuf as Go's deterministic marshaller does for messages without maps: fields in the order in
 * which they are added, default values left out. Nested messages are written in place.
 */
export class ProtoWriter {
  #buffer: Buffer = Buffer.allocUnsafe(INITIAL_CAPACITY);
  #at = 0;

  /** A bytes, string or message field; left out when empty. */
  bytes(field: number, value: Uint8Array | string | undefined): this {
    if (value === undefined || value.length === 0) return this;
    return typeof value === 'string' ? this.#string(field, value) : this.present(field, value);
  }

  /** A length-delimited field that is written even when empty: a message that is there, a oneof arm, an element. */
  present(field: number, value: Uint8Array): this {
    this.#reserve(value.length + 10);
    this.#varint((field << 3) | 2);
    this.#varint(value.length);
    this.#buffer.set(value, this.#at);
    this.#at += value.length;
    return this;
  }

  /** A message field that is there, even when `write` adds nothing to it. */
  message(field: number, write: (message: this) => void): this {
    this.#reserve(10);
    this.#varint((field << 3) | 2);
    const lengthAt = this.#at++;
    write(this);
    this.#closeLength(lengthAt);
    return this;
  }

  /** A varint field (unsigned, at most 2^53 - 1); left out when zero. */
  number(field: number, value: number): this {
    if (value !== 0) {
      this.#reserve(15);
      this.#varint(field << 3);
      this.#varint(value);
    }
    return this;
  }

  /** An int32 or enum field; a negative one takes ten bytes, as in every other implementation. */
  int32(field: number, value: number): this {
    if (value >= 0) return this.number(field, value);
    this.#reserve(15);
    this.#varint(field << 3);
    let rest = BigInt.asUintN(64, BigInt(value));
    for (; rest > 0x7fn; rest >>= 7n) this.#buffer[this.#at++] = Number(rest & 0x7fn) | 0x80;
    this.#buffer[this.#at++] = Number(rest);
    return this;
  }

  bool(field: number, value: boolean): this {
    return this.number(field, value ? 1 : 0);
  }

  /** A copy of what was written. */
  finish(): Buffer {
    return Buffer.from(this.#buffer.subarray(0, this.#at));
  }

  #string(field: number, value: string): this {
    this.#reserve(value.length * 3 + 10);
    this.#varint((field << 3) | 2);
    const lengthAt = this.#at++;
    this.#at += this.#buffer.write(value, this.#at);
    this.#closeLength(lengthAt);
    return this;
  }

  /** Short content is the common case: one byte was left for its length, and makes room when it is longer. */
  #closeLength(lengthAt: number): void {
    const start = lengthAt + 1;
    const length = this.#at - start;
    if (length < 0x80) {
      this.#buffer[lengthAt] = length;
      return;
    }
    let extra = 0;
    for (let rest = length; rest >= 0x80; rest = Math.floor(rest / 0x80)) extra += 1;
    this.#reserve(extra);
    this.#buffer.copyWithin(start + extra, start, this.#at);
    this.#at = lengthAt;
    this.#varint(length);
    this.#at += length;
  }

  #varint(value: number): void {
    let rest = value;
    while (rest > 127) {
      this.#buffer[this.#at++] = (rest % 128) | 128;
      rest = Math.floor(rest / 128);
    }
    this.#buffer[this.#at++] = rest;
  }

  #reserve(extra: number): void {
    const needed = this.#at + extra;
    if (needed <= this.#buffer.length) return;
    const larger = Buffer.allocUnsafe(Math.max(needed, this.#buffer.length * 2));
    this.#buffer.copy(larger, 0, 0, this.#at);
    this.#buffer = larger;
  }
}

/** One message. */
export function encodeMessage(write: (message: ProtoWriter) => void): Buffer {
  const writer = new ProtoWriter();
  write(writer);
  return writer.finish();
}

export function encodeVarint(value: number): Buffer {
  const out: number[] = [];
  let rest = value;
  while (rest > 127) {
    out.push((rest % 128) | 128);
    rest = Math.floor(rest / 128);
  }
  out.push(rest);
  return Buffer.from(out);
}
