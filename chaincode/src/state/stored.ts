import { SCHEMA_VERSION } from '../wire/canonical.js';

/** A value came out of the ledger that this chaincode cannot have put there. */
export class StoredValueError extends Error {
  override readonly name = 'StoredValueError';
}

/** Something of a known schema version; which kind it is follows from where it was read. */
export interface StoredValue {
  readonly v: 1;
}

/**
 * Reads a value that this chaincode wrote. Only checked commands write, and every write is endorsed, so the
 * shape is not checked again: at thousands of values a second that would cost more than the decision. Absent
 * (empty) is undefined.
 */
export function readStored(bytes: Uint8Array): StoredValue | undefined {
  if (bytes.length === 0) return undefined;
  const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('utf8');
  const value = JSON.parse(text) as StoredValue | null;
  if (value?.v !== SCHEMA_VERSION) throw new StoredValueError('A stored value of an unknown schema version.');
  return value;
}

/**
 * {@link readStored}, remembering by content: for the few values that every transaction reads. The same bytes
 * are the same value, so nothing can go stale.
 */
export class StoredValueCache<Value extends StoredValue> {
  readonly #values = new Map<string, Value>();

  constructor(private readonly capacity: number) {}

  read(bytes: Uint8Array): Value | undefined {
    if (bytes.length === 0) return undefined;
    const content = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('latin1');
    const known = this.#values.get(content);
    if (known !== undefined) return known;
    const value = readStored(bytes) as Value | undefined;
    if (value === undefined) return undefined;
    if (this.#values.size >= this.capacity) this.#values.clear();
    this.#values.set(content, value);
    return value;
  }
}
