import type { DatabaseSync, SQLInputValue, StatementSync } from 'node:sqlite';
import { amendment, millisecondsOf } from '@consent-ledger/chaincode/wire';
import type { AmendmentPlace, Amendments } from '../../ports/amendments.js';
import type { PrivateWrite } from '../../ports/ledger.js';

export const AMENDMENT_SCHEMA = `
CREATE TABLE amendment (
  collection TEXT NOT NULL,
  amendment TEXT NOT NULL,
  key_hash TEXT NOT NULL,
  subject TEXT NOT NULL,
  record TEXT NOT NULL,
  outcome TEXT,
  is_disputed INTEGER NOT NULL,
  goes_along INTEGER NOT NULL,
  requested_at INTEGER NOT NULL,
  due_at INTEGER NOT NULL,
  block INTEGER NOT NULL,
  place INTEGER NOT NULL,
  PRIMARY KEY (collection, amendment)
) STRICT, WITHOUT ROWID;
CREATE INDEX amendment_by_record ON amendment(collection, record);
CREATE INDEX amendment_by_key ON amendment(collection, key_hash);
CREATE INDEX amendment_by_time ON amendment(requested_at, amendment);`;

/** Keeps the table of requests to amend records. */
export class AmendmentFolder {
  readonly #put: StatementSync;
  readonly #remove: StatementSync;

  constructor(database: DatabaseSync) {
    // A step that comes late changes nothing of a later one.
    this.#put = database.prepare(`
      INSERT INTO amendment (collection, amendment, key_hash, subject, record, outcome, is_disputed, goes_along,
        requested_at, due_at, block, place)
      VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
      ON CONFLICT (collection, amendment) DO UPDATE SET outcome = excluded.outcome, is_disputed = excluded.is_disputed,
        goes_along = excluded.goes_along, due_at = excluded.due_at, block = excluded.block, place = excluded.place
      WHERE (excluded.block, excluded.place) > (block, place)`);
    this.#remove = database.prepare('DELETE FROM amendment WHERE collection = ? AND key_hash = ?');
  }

  /** A private value that arrived. */
  fold({ collection, key, value }: PrivateWrite, keyHash: string, block: number, place: number): void {
    if (!key.startsWith('amendment/')) return;
    const held = amendment.parse(JSON.parse(value.toString('utf8')));
    const { answer, disagreement, inclusion } = held;
    this.#put.run(
      collection,
      held.amendment,
      keyHash,
      held.subject,
      held.record,
      answer?.outcome ?? null,
      disagreement === undefined ? 0 : 1,
      disagreement === undefined && inclusion === undefined ? 0 : 1,
      millisecondsOf(held.requestedAt),
      millisecondsOf(held.dueAt),
      block,
      place,
    );
  }

  /** A value that is deleted or purged. */
  remove(collection: string, keyHash: string): void {
    this.#remove.run(collection, keyHash);
  }
}

const STATUS = {
  open: 'outcome IS NULL',
  overdue: 'outcome IS NULL AND due_at <= ?',
  answered: 'outcome IS NOT NULL',
  all: 'TRUE',
} as const;

/** Reads what the folder of amendments wrote. */
export function openAmendments(database: DatabaseSync): Amendments {
  const counts = database.prepare(
    'SELECT count(*) AS open, coalesce(sum(due_at <= ?), 0) AS overdue FROM amendment WHERE outcome IS NULL',
  );
  const denials = database.prepare(`
    SELECT amendment, is_disputed AS isDisputed FROM amendment
    WHERE collection = ? AND record = ? AND outcome = 'denied' AND goes_along = 1 ORDER BY requested_at, amendment`);
  return {
    list({ collections, status, now, subject, record, after, limit }) {
      const conditions = [`collection IN (${collections.map(() => '?').join(', ')})`, STATUS[status]];
      const values: SQLInputValue[] = [...collections, ...(status === 'overdue' ? [now] : [])];
      const where = (condition: string, ...given: SQLInputValue[]): void => {
        conditions.push(condition);
        values.push(...given);
      };
      if (subject !== undefined) where('subject = ?', subject);
      if (record !== undefined) where('record = ?', record);
      if (after !== undefined)
        where('(requested_at, amendment) > (?, ?)', after.requestedAt, after.amendment);
      const sql = `SELECT collection, amendment, requested_at AS requestedAt FROM amendment
        WHERE ${conditions.join(' AND ')} ORDER BY requested_at, amendment LIMIT ?`;
      const rows = database.prepare(sql).all(...values, limit);
      return rows as unknown as (AmendmentPlace & { collection: string })[];
    },
    open: (now) => counts.get(now) as { open: number; overdue: number },
    denialsOf: (collection, record) =>
      (denials.all(collection, record) as unknown as { amendment: string; isDisputed: number }[]).map(
        (row) => ({
          amendment: row.amendment,
          isDisputed: row.isDisputed === 1,
        }),
      ),
  };
}
