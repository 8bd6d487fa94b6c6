import type { Outbox } from '../../ports/outbox.js';
import { inTransaction, openDatabase } from './database.js';

const SCHEMA = `
CREATE TABLE open_transaction (
  id TEXT PRIMARY KEY,
  bytes BLOB NOT NULL,
  signature BLOB NOT NULL
) STRICT;
CREATE TABLE intent (
  name TEXT NOT NULL,
  id TEXT NOT NULL REFERENCES open_transaction(id) ON DELETE CASCADE,
  PRIMARY KEY (name, id)
) STRICT, WITHOUT ROWID;
CREATE INDEX intent_by_transaction ON intent(id)`;

interface Row {
  readonly id: string;
  readonly bytes: Uint8Array;
  readonly signature: Uint8Array;
}

/** The outbox in one SQLite file, written through to the disk. */
export function openOutbox(path: string): Outbox & { close(): void } {
  const database = openDatabase(path, SCHEMA, 1, 'full');
  const insert = database.prepare('INSERT INTO open_transaction (id, bytes, signature) VALUES (?, ?, ?)');
  const insertIntent = database.prepare('INSERT INTO intent (name, id) VALUES (?, ?)');
  const remove = database.prepare('DELETE FROM open_transaction WHERE id = ?');
  const all = database.prepare('SELECT id, bytes, signature FROM open_transaction ORDER BY rowid');
  const find = database.prepare('SELECT 1 FROM intent WHERE name = ? LIMIT 1');
  const count = database.prepare('SELECT count(*) AS size FROM open_transaction');
  return {
    keep({ transaction, bytes, signature }, intents) {
      inTransaction(database, () => {
        insert.run(transaction, bytes, signature);
        for (const intent of new Set(intents)) insertIntent.run(intent, transaction);
      });
    },
    settle(transaction) {
      remove.run(transaction);
    },
    open() {
      const rows = all.all() as unknown as Row[];
      return rows.map(({ id, bytes, signature }) => ({ transaction: id, bytes, signature }));
    },
    isOpen: (intent) => find.get(intent) !== undefined,
    get size() {
      return (count.get() as { size: number }).size;
    },
    close() {
      database.close();
    },
  };
}
