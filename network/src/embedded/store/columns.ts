import { StoreError } from './store-error.js';

/** A column that our schema says is a BLOB. */
export function asBuffer(value: unknown): Buffer {
  if (!(value instanceof Uint8Array)) throw malformed();
  return Buffer.from(value.buffer, value.byteOffset, value.byteLength);
}

/** A column that our schema says is an INTEGER. */
export function asNumber(value: unknown): number {
  if (typeof value !== 'number') throw malformed();
  return value;
}

/** A column that our schema says is TEXT. */
export function asText(value: unknown): string {
  if (typeof value !== 'string') throw malformed();
  return value;
}

function malformed(): StoreError {
  return new StoreError(
    'damaged',
    'the ledger is damaged: a row is not of its form. Restore the folder from a backup, or start anew with "consent-ledger reset"',
  );
}
