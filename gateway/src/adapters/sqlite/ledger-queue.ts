import type { DatabaseSync, SQLInputValue } from 'node:sqlite';
import type { LedgerQueue, Tried, Written } from '../../ports/delivery-queue.js';
import { inTransaction, openDatabase } from './database.js';

/** How the things in a queue are laid down: names of properties that hold texts. */
export interface QueueLayout<Item> {
  readonly table: string;
  /** Which tell one from another. */
  readonly key: readonly (keyof Item & string)[];
  readonly beside?: readonly (keyof Item & string)[];
}

/**
 * The queue in one SQLite file. What is enqueued and how far the ledger was read are one transaction, so that a crash loses nothing: where
 * the machine's loses the newest transactions, the ledger is read again from before them, and what was brought is brought once more. What was brought stays, without a time at which it is due: a block that is read again, because
 * values of it were missing, tells nothing new of what was there.
 */
export function openLedgerQueue<Item extends Written>(
  path: string,
  layout: QueueLayout<Item>,
): LedgerQueue<Item> & { close(): void } {
  const database = openDatabase(path, schemaOf(layout), 1, 'rebuildable');
  const statements = statementsOf(database, layout);
  const { key, beside = [] } = layout;
  const textsOf = (item: Item, names: readonly (keyof Item & string)[]): SQLInputValue[] =>
    names.map((name) => item[name] as string);
  const settle = (item: Item): void => {
    statements.settle.run(...textsOf(item, key), item.block);
  };
  return {
    get scanned() {
      return (statements.progress.get() as { scanned: number }).scanned;
    },
    enqueue(items, scanned, now) {
      inTransaction(database, () => {
        for (const item of items)
          statements.enqueue.run(...textsOf(item, key), ...textsOf(item, beside), item.block, now);
        statements.progressTo.run(scanned);
      });
    },
    next: (limit) => statements.next.all(limit) as unknown as (Item & Tried)[],
    settle,
    giveUp: settle,
    retry(item, at) {
      statements.retry.run(at, ...textsOf(item, key), item.block);
    },
    close() {
      database.close();
    },
  };
}

function schemaOf<Item>({ table, key, beside = [] }: QueueLayout<Item>): string {
  const columns = [...key, ...beside].map((name) => `"${name}" TEXT NOT NULL,`).join(' ');
  return `
CREATE TABLE progress (scanned INTEGER NOT NULL) STRICT;
INSERT INTO progress (scanned) VALUES (0);
CREATE TABLE ${table} (
  ${columns}
  block INTEGER NOT NULL,
  attempts INTEGER NOT NULL,
  due INTEGER,
  PRIMARY KEY (${listOf(key)})
) STRICT, WITHOUT ROWID;
CREATE INDEX ${table}_due ON ${table}(due) WHERE due IS NOT NULL`;
}

function statementsOf<Item>(database: DatabaseSync, { table, key, beside = [] }: QueueLayout<Item>) {
  const [keys, names] = [listOf(key), listOf([...key, ...beside])];
  const isIt = `${key.map((name) => `"${name}" = ?`).join(' AND ')} AND block = ?`;
  return {
    progress: database.prepare('SELECT scanned FROM progress'),
    progressTo: database.prepare('UPDATE progress SET scanned = ?'),
    enqueue: database.prepare(`
      INSERT INTO ${table} (${names}, block, attempts, due)
      VALUES (${[...key, ...beside].map(() => '?').join(', ')}, ?, 0, ?)
      ON CONFLICT (${keys}) DO UPDATE SET block = excluded.block, attempts = 0, due = excluded.due
      WHERE excluded.block > block`),
    next: database.prepare(`
      SELECT ${names}, block, attempts, due FROM ${table}
      WHERE due IS NOT NULL ORDER BY due, ${keys} LIMIT ?`),
    settle: database.prepare(`UPDATE ${table} SET due = NULL WHERE ${isIt}`),
    retry: database.prepare(`UPDATE ${table} SET attempts = attempts + 1, due = ? WHERE ${isIt}`),
  };
}

function listOf(names: readonly string[]): string {
  return names.map((name) => `"${name}"`).join(', ');
}
