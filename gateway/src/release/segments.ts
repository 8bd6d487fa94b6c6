/** Bytes that arrive in chunks of any size and leave in pieces of the size asked for; holds what has not left yet. */
export class SegmentBuffer {
  readonly #chunks: Uint8Array[] = [];
  #length = 0;

  get length(): number {
    return this.#length;
  }

  push(chunk: Uint8Array): void {
    if (chunk.length === 0) return;
    this.#chunks.push(chunk);
    this.#length += chunk.length;
  }

  /** The next `size` bytes. Throws a RangeError when there are fewer. */
  take(size: number): Buffer {
    if (size > this.#length) throw new RangeError(`only ${this.#length} bytes are there, not ${size}`);
    const taken: Uint8Array[] = [];
    let missing = size;
    while (missing > 0) {
      const first = this.#chunks[0];
      if (first === undefined) break;
      if (first.length <= missing) {
        taken.push(first);
        this.#chunks.shift();
        missing -= first.length;
      } else {
        taken.push(first.subarray(0, missing));
        this.#chunks[0] = first.subarray(missing);
        missing = 0;
      }
    }
    this.#length -= size;
    const [only] = taken;
    // What came in one piece is not copied.
    if (only !== undefined && taken.length === 1) return Buffer.from(only.buffer, only.byteOffset, size);
    return Buffer.concat(taken, size);
  }
}

const LARGE_BYTES = 32 * 1024;

/**
 * Frees a large piece that nobody looks at any more: to wait until it is collected lets a process grow by a multiple of what it holds. What
 * shares its memory with others stays. Whoever looked at it again would find it empty.
 */
export function giveBack({ buffer, byteLength }: Uint8Array): void {
  if (byteLength < LARGE_BYTES || byteLength !== buffer.byteLength || !(buffer instanceof ArrayBuffer))
    return;
  // ECMAScript 2024: detaches the memory, which is freed at once.
  buffer.transfer(0);
}
