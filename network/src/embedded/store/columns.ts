/** A row that this program has not written so. */
export class MalformedRow extends Error {
  override readonly name = 'MalformedRow';

  constructor() {
    super('a row is not of its form');
  }
}

/** A column that our schema says is a BLOB. */
export function asBuffer(value: unknown): Buffer {
  if (!(value instanceof Uint8Array)) throw new MalformedRow();
  return Buffer.from(value.buffer, value.byteOffset, value.byteLength);
}

/** A column that our schema says is an INTEGER. */
export function asNumber(value: unknown): number {
  if (typeof value !== 'number') throw new MalformedRow();
  return value;
}

/** A column that our schema says is TEXT. */
export function asText(value: unknown): string {
  if (typeof value !== 'string') throw new MalformedRow();
  return value;
}
