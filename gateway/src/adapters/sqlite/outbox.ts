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

interface Intent {
  readonly name: string;
  readonly id: string;
}

interface Row {
  readonly id: string;
  readonly bytes: Uint8Array;
  readonly signature: Uint8Array;
}

/** Settled transactions wait for the next write, at most so many. */
const SETTLED_AT_MOST = 1_000;

/**
 * The outbox in one SQLite file, written through to the disk. That something is settled need not survive a crash: its outcome is
 * asked for again. So it costs no write of its own, and goes with the next one.
 */
export function openOutbox(path: string): Outbox & { close(): void } {
  const database = openDatabase(path, SCHEMA, 1, 'full');
  const insert = database.prepare('INSERT INTO open_transaction (id, bytes, signature) VALUES (?, ?, ?)');
  const insertIntent = database.prepare('INSERT INTO intent (name, id) VALUES (?, ?)');
  const remove = database.prepare('DELETE FROM open_transaction WHERE id = ?');
  const all = database.prepare('SELECT id, bytes, signature FROM open_transaction ORDER BY rowid');
  const intents = database.prepare('SELECT name, id FROM intent').all() as unknown as Intent[];

  const intentsOf = new Map((all.all() as unknown as Row[]).map(({ id }) => [id, [] as string[]]));
  for (const { name, id } of intents) intentsOf.get(id)?.push(name);
  const settled = new Set<string>();
  const removeSettled = (): void => {
    for (const transaction of settled) remove.run(transaction);
    settled.clear();
  };

  return {
    keep({ transaction, bytes, signature }, names) {
      inTransaction(database, () => {
        removeSettled();
        insert.run(transaction, bytes, signature);
        for (const name of new Set(names)) insertIntent.run(name, transaction);
      });
      intentsOf.set(transaction, [...names]);
    },
    settle(transaction) {
      if (!intentsOf.delete(transaction)) return;
      settled.add(transaction);
      if (settled.size >= SETTLED_AT_MOST) inTransaction(database, removeSettled);
    },
    open() {
      const rows = all.all() as unknown as Row[];
      return rows
        .filter(({ id }) => intentsOf.has(id))
        .map(({ id, bytes, signature }) => ({ transaction: id, bytes, signature }));
    },
    isOpen: (intent) => [...intentsOf.values()].some((names) => names.includes(intent)),
    get size() {
      return intentsOf.size;
    },
    close() {
      inTransaction(database, removeSettled);
      database.close();
    },
  };
}
