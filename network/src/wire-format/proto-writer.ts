type Piece = Uint8Array | number;

/**
 * Writes protobuf as Go's deterministic marshaller does for messages without maps: fields in the order in
 * which they are added, default values left out. Pieces are joined once, at the end.
 */
export class ProtoWriter {
  readonly #pieces: Piece[] = [];
  #length = 0;

  /** A bytes, string or message field; left out when empty. */
  bytes(field: number, value: Uint8Array | string | undefined): this {
    const bytes = typeof value === 'string' ? Buffer.from(value, 'utf8') : value;
    return bytes === undefined || bytes.length === 0 ? this : this.present(field, bytes);
  }

  /** A length-delimited field that is written even when empty: a message that is there, a oneof arm, an element. */
  present(field: number, value: Uint8Array): this {
    this.#varint((field << 3) | 2);
    this.#varint(value.length);
    if (value.length > 0) {
      this.#pieces.push(value);
      this.#length += value.length;
    }
    return this;
  }

  /** A varint field; left out when zero. */
  number(field: number, value: number): this {
    if (value !== 0) {
      this.#varint(field << 3);
      this.#varint(value);
    }
    return this;
  }

  bool(field: number, value: boolean): this {
    return this.number(field, value ? 1 : 0);
  }

  finish(): Buffer {
    const out = Buffer.allocUnsafe(this.#length);
    let at = 0;
    for (const piece of this.#pieces) {
      if (typeof piece === 'number') {
        out[at++] = piece;
      } else {
        out.set(piece, at);
        at += piece.length;
      }
    }
    return out;
  }

  #varint(value: number): void {
    let rest = value;
    while (rest > 127) {
      this.#pieces.push((rest % 128) | 128);
      this.#length++;
      rest = Math.floor(rest / 128);
    }
    this.#pieces.push(rest);
    this.#length++;
  }
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
