import type { DatabaseSync } from 'node:sqlite';
import type { SlipQueue, WaitingSlip } from '../../ports/slip-queue.js';
import { inTransaction, openDatabase } from './database.js';

const SCHEMA = `
CREATE TABLE progress (scanned INTEGER NOT NULL) STRICT;
INSERT INTO progress (scanned) VALUES (0);
CREATE TABLE delivery (
  key TEXT PRIMARY KEY,
  member TEXT NOT NULL,
  block INTEGER NOT NULL,
  attempts INTEGER NOT NULL,
  due INTEGER
) STRICT, WITHOUT ROWID;
CREATE INDEX delivery_due ON delivery(due) WHERE due IS NOT NULL`;

/**
 * The queue in one SQLite file, written through to the disk: what is enqueued and how far the ledger was read are one
 * transaction, so that a crash loses no slip. One that was handed over stays, without a time at which it is due.
 */
export function openSlipQueue(path: string): SlipQueue & { close(): void } {
  const database = openDatabase(path, SCHEMA, 1, 'full');
  const statements = statementsOf(database);
  return {
    get scanned() {
      return (statements.progress.get() as { scanned: number }).scanned;
    },
    enqueue(slips, scanned, now) {
      inTransaction(database, () => {
        for (const { key, member, block } of slips) statements.enqueue.run(key, member, block, now);
        statements.progressTo.run(scanned);
      });
    },
    due: (now, limit) => statements.due.all(now, limit) as unknown as WaitingSlip[],
    nextDue: () => (statements.nextDue.get() as { due: number | null }).due ?? undefined,
    settle({ key, block }) {
      statements.settle.run(key, block);
    },
    retry({ key, block }, at) {
      statements.retry.run(at, key, block);
    },
    close() {
      database.close();
    },
  };
}

function statementsOf(database: DatabaseSync) {
  return {
    progress: database.prepare('SELECT scanned FROM progress'),
    progressTo: database.prepare('UPDATE progress SET scanned = ?'),
    // A block that is read again, because values of it were missing, tells nothing new of those that were there.
    enqueue: database.prepare(`
      INSERT INTO delivery (key, member, block, attempts, due) VALUES (?, ?, ?, 0, ?)
      ON CONFLICT (key) DO UPDATE SET block = excluded.block, attempts = 0, due = excluded.due
      WHERE excluded.block > block`),
    due: database.prepare(
      'SELECT key, member, block, attempts FROM delivery WHERE due <= ? ORDER BY due, key LIMIT ?',
    ),
    nextDue: database.prepare('SELECT min(due) AS due FROM delivery WHERE due IS NOT NULL'),
    settle: database.prepare('UPDATE delivery SET due = NULL WHERE key = ? AND block = ?'),
    retry: database.prepare(
      'UPDATE delivery SET attempts = attempts + 1, due = ? WHERE key = ? AND block = ?',
    ),
  };
}
