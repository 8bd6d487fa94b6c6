import { createHash } from 'node:crypto';
import type { DatabaseSync } from 'node:sqlite';
import type { PrivateFolder } from '@consent-ledger/gateway/internal/adapters/sqlite/folding';

interface PrivateValue {
  readonly collection: string;
  readonly key: string;
  readonly value: Buffer;
}

/** Folds private values into the projection of a gateway that does not run, as those of one transaction of its last block. */
export function foldValues(
  database: DatabaseSync,
  folder: PrivateFolder,
  values: readonly PrivateValue[],
  { index, id }: { readonly index: number; readonly id: string },
): void {
  const { value: height } = database.prepare("SELECT value FROM fact WHERE name = 'height'").get() as {
    value: string;
  };
  const transaction = {
    index,
    id,
    valid: true,
    code: 'VALID',
    at: 0,
    writes: [],
    hashed: values.map(({ collection, key, value }) => ({
      collection,
      keyHash: hex(key),
      valueHash: hex(value),
      purged: false,
    })),
    private: values,
  };
  database.exec('BEGIN');
  folder.fold({ number: Number(height) - 1, hash: '', transactions: [] }, transaction, false);
  database.exec('COMMIT');
}

/** SHA-256, as the projection has hashes. */
export function hex(content: string | Uint8Array): string {
  return createHash('sha256').update(content).digest('hex');
}
