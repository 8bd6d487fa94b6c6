import type { DatabaseSync, StatementSync } from 'node:sqlite';
import { descriptor } from '@consent-ledger/chaincode/wire';
import type { PrivateWrite } from '../../ports/ledger.js';
import type { RecordIndex, RecordPlace } from '../../ports/record-index.js';

/** Keeps the table of which records are about whom. */
export class RecordFolder {
  readonly #put: StatementSync;
  readonly #remove: StatementSync;

  constructor(database: DatabaseSync) {
    // An older version that comes late changes nothing.
    this.#put = database.prepare(`
      INSERT INTO subject_record (collection, subject, record, key_hash, block, place) VALUES (?, ?, ?, ?, ?, ?)
      ON CONFLICT (collection, subject, record) DO UPDATE SET block = excluded.block, place = excluded.place
      WHERE (excluded.block, excluded.place) > (block, place)`);
    this.#remove = database.prepare('DELETE FROM subject_record WHERE collection = ? AND key_hash = ?');
  }

  /** A private value that arrived. */
  fold({ collection, key, value }: PrivateWrite, keyHash: string, block: number, place: number): void {
    if (!key.startsWith('descriptor/')) return;
    const { record, subjects } = descriptor.parse(JSON.parse(value.toString('utf8')));
    for (const subject of subjects) this.#put.run(collection, subject, record, keyHash, block, place);
  }

  /** A value that is deleted or purged. */
  remove(collection: string, keyHash: string): void {
    this.#remove.run(collection, keyHash);
  }
}

const AT_ONCE = 200;

/** Reads what the folder of records wrote, some at a time: between two a block may be folded. */
export function openRecordIndex(database: DatabaseSync): RecordIndex {
  const page = database.prepare(`
    SELECT block, place, record FROM subject_record
    WHERE collection = ? AND subject = ? AND (block, place, record) < (?, ?, ?)
    ORDER BY block DESC, place DESC, record DESC LIMIT ${AT_ONCE}`);
  return {
    *about(collection, subject, after) {
      let last: RecordPlace = after ?? { block: Number.MAX_SAFE_INTEGER, place: 0, record: '' };
      for (;;) {
        const { block, place, record } = last;
        const rows = page.all(collection, subject, block, place, record) as unknown as RecordPlace[];
        yield* rows;
        const newest = rows.at(-1);
        if (newest === undefined || rows.length < AT_ONCE) return;
        last = newest;
      }
    },
  };
}
