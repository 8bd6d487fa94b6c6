import type { Open, Outbox } from '../../ports/outbox.js';
import { inTransaction, openDatabase } from './database.js';

const SCHEMA = `
CREATE TABLE open_transaction (
  id TEXT PRIMARY KEY,
  bytes BLOB NOT NULL,
  signature BLOB NOT NULL,
  height INTEGER NOT NULL,
  epoch_block INTEGER,
  epoch_place INTEGER
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
  readonly height: number;
  readonly epoch_block: number | null;
  readonly epoch_place: number | null;
}

/** Settled transactions wait for the next write, at most so many and so long. */
const SETTLED_AT_MOST = 1_000;
const SETTLED_MS = 1_000;

/**
 * The outbox in one SQLite file, written through to the disk. That something is settled need not survive a crash: its outcome is
 * asked for again. So it costs no write of its own, and goes with the next one.
 */
export function openOutbox(path: string): Outbox & { close(): void } {
  const database = openDatabase(path, SCHEMA, 2, 'full');
  const insert = database.prepare(
    'INSERT INTO open_transaction (id, bytes, signature, height, epoch_block, epoch_place) VALUES (?, ?, ?, ?, ?, ?)',
  );
  const insertIntent = database.prepare('INSERT INTO intent (name, id) VALUES (?, ?)');
  const remove = database.prepare('DELETE FROM open_transaction WHERE id = ?');
  const all = database.prepare('SELECT * FROM open_transaction ORDER BY rowid');
  const intents = database.prepare('SELECT name, id FROM intent').all() as unknown as Intent[];

  const intentsOf = new Map((all.all() as unknown as Row[]).map(({ id }) => [id, [] as string[]]));
  for (const { name, id } of intents) intentsOf.get(id)?.push(name);
  const settled = new Set<string>();
  let flushing: NodeJS.Timeout | undefined;
  const removeSettled = (): void => {
    clearTimeout(flushing);
    flushing = undefined;
    for (const transaction of settled) remove.run(transaction);
    settled.clear();
  };
  const flush = (): void => {
    inTransaction(database, removeSettled);
  };
  const flushLater = (): void => {
    try {
      flush();
    } catch {
      // Whatever stays is settled again after the next start; a disk that takes nothing is told by the next `keep`.
      flushing = undefined;
    }
  };

  return {
    keep({ transaction, bytes, signature, height, epoch }, names) {
      inTransaction(database, () => {
        removeSettled();
        insert.run(transaction, bytes, signature, height, epoch?.block ?? null, epoch?.place ?? null);
        for (const name of new Set(names)) insertIntent.run(name, transaction);
      });
      intentsOf.set(transaction, [...names]);
    },
    settle(transaction) {
      if (!intentsOf.delete(transaction)) return false;
      settled.add(transaction);
      if (settled.size >= SETTLED_AT_MOST) flush();
      // Not left for long: what is there at the next start is looked for again, in all blocks since.
      else flushing ??= setTimeout(flushLater, SETTLED_MS).unref();
      return true;
    },
    open() {
      const rows = all.all() as unknown as Row[];
      return rows.filter(({ id }) => intentsOf.has(id)).map(openOf);
    },
    isOpen: (intent) => [...intentsOf.values()].some((names) => names.includes(intent)),
    get size() {
      return intentsOf.size;
    },
    close() {
      flush();
      database.close();
    },
  };
}

function openOf({ id, bytes, signature, height, epoch_block: block, epoch_place: place }: Row): Open {
  const known = block === null || place === null ? {} : { epoch: { block, place } };
  return { transaction: id, bytes, signature, height, ...known };
}
