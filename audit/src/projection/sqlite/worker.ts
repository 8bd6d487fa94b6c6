import { chmodSync, existsSync } from 'node:fs';
import { DatabaseSync, type SQLInputValue, type StatementSync } from 'node:sqlite';
import { parentPort, workerData } from 'node:worker_threads';
import type { Answered, Ask, Asked, BulkStatement, WorkerSettings } from './messages.js';

/*
 * SQLite in a thread of its own: it answers while it holds its thread, and nobody else's. One message is one statement, or
 * one whole transaction.
 */

const STATEMENTS = 200;
/** How long another process may hold the file. */
const BUSY_MS = 10_000;

class Moved extends Error {}

const { path, readOnly, isScratch = false } = workerData as WorkerSettings;
const database = open();
const prepared = new Map<string, StatementSync>();

parentPort?.on('message', ({ id, ask }: Asked) => {
  parentPort?.postMessage(answer(id, ask));
});

function open(): DatabaseSync {
  const isNew = !existsSync(path);
  const opened = new DatabaseSync(path, { readOnly });
  if (isNew) chmodSync(path, 0o600);
  opened.exec(
    `PRAGMA busy_timeout = ${BUSY_MS}; PRAGMA cache_size = -65536; PRAGMA temp_store = ${isScratch ? 'FILE' : 'MEMORY'};`,
  );
  if (isScratch) {
    opened.exec('PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF;');
    return opened;
  }
  // The newest blocks may be lost with the machine's power; they are on the ledger.
  if (!readOnly)
    opened.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL; PRAGMA secure_delete = ON;');
  return opened;
}

function answer(id: number, ask: Ask): Answered {
  try {
    return ask.kind === 'query' ? { id, ...query(ask) } : { id, rows: [], changes: write(ask) };
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    return { id, failed: error instanceof Moved ? 'moved' : 'error', message };
  }
}

function query({ sql, parameters }: Ask & { kind: 'query' }): { rows: unknown[]; changes: number } {
  const statement = prepare(sql);
  if (statement.columns().length > 0) return { rows: statement.all(...parameters), changes: 0 };
  return { rows: [], changes: Number(statement.run(...parameters).changes) };
}

function write({ first, inserts, last }: Ask & { kind: 'write' }): number {
  database.exec('BEGIN IMMEDIATE');
  try {
    let changes = first.reduce((sum, statement) => sum + run(statement), 0);
    for (const { sql, rows } of inserts) {
      const statement = prepare(sql);
      for (const row of rows) statement.run(...(row as SQLInputValue[]));
      changes += rows.length;
    }
    changes = last.reduce((sum, statement) => sum + run(statement), changes);
    database.exec('COMMIT');
    return changes;
  } catch (error) {
    if (database.isTransaction) database.exec('ROLLBACK');
    throw error;
  }
}

function run({ sql, parameters, mustChange }: BulkStatement): number {
  const changed = Number(prepare(sql).run(...parameters).changes);
  if (mustChange !== undefined && changed !== mustChange) throw new Moved('the projection was moved on');
  return changed;
}

function prepare(sql: string): StatementSync {
  const known = prepared.get(sql);
  if (known !== undefined) return known;
  if (prepared.size >= STATEMENTS) prepared.clear();
  const statement = database.prepare(sql);
  prepared.set(sql, statement);
  return statement;
}
