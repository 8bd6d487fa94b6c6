import type { DatabaseSync } from 'node:sqlite';
import type { ParticipationQueue, WaitingParticipant } from '../../ports/participation-queue.js';
import { inTransaction, openDatabase } from './database.js';

const SCHEMA = `
CREATE TABLE progress (scanned INTEGER NOT NULL) STRICT;
INSERT INTO progress (scanned) VALUES (0);
CREATE TABLE waiting (
  study TEXT NOT NULL,
  subject TEXT NOT NULL,
  block INTEGER NOT NULL,
  attempts INTEGER NOT NULL,
  due INTEGER,
  PRIMARY KEY (study, subject)
) STRICT, WITHOUT ROWID;
CREATE INDEX waiting_due ON waiting(due) WHERE due IS NOT NULL`;

/**
 * The queue in one SQLite file, written through to the disk: who is enqueued and how far the ledger was read are one transaction, so
 * that a crash loses nobody. Who was recorded stays, without a time at which it is due.
 */
export function openParticipationQueue(path: string): ParticipationQueue & { close(): void } {
  const database = openDatabase(path, SCHEMA, 1, 'full');
  const statements = statementsOf(database);
  return {
    get scanned() {
      return (statements.progress.get() as { scanned: number }).scanned;
    },
    enqueue(touched, scanned, now) {
      inTransaction(database, () => {
        for (const { study, subject, block } of touched) statements.enqueue.run(study, subject, block, now);
        statements.progressTo.run(scanned);
      });
    },
    due: (now, limit) => statements.due.all(now, limit) as unknown as WaitingParticipant[],
    nextDue: () => (statements.nextDue.get() as { due: number | null }).due ?? undefined,
    settle({ study, subject, block }) {
      statements.settle.run(study, subject, block);
    },
    retry({ study, subject, block }, at) {
      statements.retry.run(at, study, subject, block);
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
    enqueue: database.prepare(`
      INSERT INTO waiting (study, subject, block, attempts, due) VALUES (?, ?, ?, 0, ?)
      ON CONFLICT (study, subject) DO UPDATE SET block = excluded.block, attempts = 0, due = excluded.due
      WHERE excluded.block > block`),
    due: database.prepare(
      'SELECT study, subject, block, attempts FROM waiting WHERE due <= ? ORDER BY due, study, subject LIMIT ?',
    ),
    nextDue: database.prepare('SELECT min(due) AS due FROM waiting WHERE due IS NOT NULL'),
    settle: database.prepare('UPDATE waiting SET due = NULL WHERE study = ? AND subject = ? AND block = ?'),
    retry: database.prepare(
      'UPDATE waiting SET attempts = attempts + 1, due = ? WHERE study = ? AND subject = ? AND block = ?',
    ),
  };
}
