import { open, type FileHandle } from 'node:fs/promises';
import type { DatabaseSync } from 'node:sqlite';
import type { CheckedCallAt, CheckLog } from '../../ports/check-log.js';
import { Refusal } from '../../usecases/refusal.js';
import { Checkpointing } from './checkpointing.js';
import { packChecks, unpackChecks } from './check-packing.js';
import { inTransaction, openDatabase } from './database.js';

/** One row a call, in the order of time: an index by subject would cost a page of the disk for each question. */
const SCHEMA = `
CREATE TABLE checked_call (
  position INTEGER PRIMARY KEY AUTOINCREMENT,
  at INTEGER NOT NULL,
  height INTEGER NOT NULL,
  user TEXT NOT NULL,
  checks TEXT NOT NULL
) STRICT`;

const DAY_MS = 86_400_000;
/** Rows that are older than they need be go a few at a time, with the rows that come. */
const EXPIRED_AT_ONCE = 100;

interface Row {
  readonly position: number;
  readonly at: number;
  readonly height: number;
  readonly user: string;
  readonly checks: string;
}

/**
 * The log in one SQLite file. A commit itself waits for no disk (`rebuildable`); what makes it durable is a flush of the
 * write-ahead log on a thread of its own, so that a slow disk holds up nobody but those who wait for it. `failed` hears of
 * a checkpoint that could not be made: the log grows until the next one.
 */
export async function openCheckLog(
  path: string,
  retainDays: number,
  failed: (error: Error) => void,
): Promise<CheckLog & { close(): Promise<void> }> {
  const database = openDatabase(path, SCHEMA, 2, 'rebuildable');
  database.exec('PRAGMA wal_autocheckpoint = 0');
  const statements = statementsOf(database);
  const checkpointing = new Checkpointing(path, failed);
  // Makes sure that the write-ahead log is there, and stays, while this connection is open.
  inTransaction(database, () => statements.expire.run(0, 0));
  const journal: FileHandle = await open(`${path}-wal`, 'r+');

  return {
    async append(calls) {
      try {
        inTransaction(database, () => {
          for (const { at, height, user, checks } of calls)
            statements.insert.run(at, height, user, packChecks(checks));
          const newest = calls.at(-1)?.at ?? 0;
          statements.expire.run(EXPIRED_AT_ONCE, newest - retainDays * DAY_MS);
        });
        checkpointing.committed();
        await journal.datasync();
      } catch (cause) {
        throw new Refusal('store-unavailable', { cause });
      }
    },
    after: (position, limit) => (statements.after.all(position, limit) as unknown as Row[]).map(callOf),
    *since(at, limit) {
      for (const row of statements.newest.iterate(limit) as Iterable<unknown>) {
        const call = callOf(row as Row);
        if (call.at < at) return;
        yield call;
      }
    },
    async close() {
      await checkpointing.close();
      await journal.close();
      database.close();
    },
  };
}

function callOf({ checks, ...row }: Row): CheckedCallAt {
  return { ...row, checks: unpackChecks(checks) };
}

function statementsOf(database: DatabaseSync) {
  return {
    insert: database.prepare('INSERT INTO checked_call (at, height, user, checks) VALUES (?, ?, ?, ?)'),
    after: database.prepare('SELECT * FROM checked_call WHERE position > ? ORDER BY position LIMIT ?'),
    newest: database.prepare('SELECT * FROM checked_call ORDER BY position DESC LIMIT ?'),
    expire: database.prepare(`
      DELETE FROM checked_call WHERE position IN
        (SELECT position FROM (SELECT position, at FROM checked_call ORDER BY position LIMIT ?) WHERE at < ?)`),
  };
}
