import { readFileSync, writeFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { setTimeout as sleep } from 'node:timers/promises';
import { z } from 'zod';

/** Another gateway process works on the data directory. */
export class DataHeldError extends Error {
  override readonly name = 'DataHeldError';
}

/** A data directory that is this process's alone until it is closed, or until the process ends, however it does. */
export interface DataLock {
  close(): void;
}

const LOCK = 'gateway.lock';
const OWNER = 'gateway.owner';
const SQLITE_BUSY = 5;
const POLL_MS = 250;

/** Who holds it, for whoever is refused; it decides nothing. */
const owner = z.object({ pid: z.int(), host: z.string(), since: z.string() });

/**
 * Takes a data directory for this process. Throws a DataHeldError that names the holder where another process has it.
 *
 * The lock is SQLite's exclusive one on a file of its own, which is the operating system's (fcntl): it goes with the process that
 * holds it, `kill -9` and power cuts included, so no process id is judged and nothing is left that would have to be removed.
 */
export function takeData(directory: string, now: () => number): DataLock {
  const database = lockFile(join(directory, LOCK));
  if (database === undefined) throw new DataHeldError(heldText(directory));
  try {
    const since = new Date(now()).toISOString();
    writeFileSync(
      join(directory, OWNER),
      `${JSON.stringify({ pid: process.pid, host: hostname(), since })}\n`,
      { mode: 0o600 },
    );
  } catch (error) {
    database.close();
    throw error;
  }
  return database;
}

/**
 * The same for a standby: waits until whoever has the directory has ended. `onHeld` is told once, where somebody has it. Rejects with
 * the signal's reason when it is aborted.
 */
export async function awaitData(
  directory: string,
  { now, signal, onHeld }: { now: () => number; signal: AbortSignal; onHeld: (by: string) => void },
): Promise<DataLock> {
  for (let isTold = false; ; isTold = true) {
    signal.throwIfAborted();
    try {
      return takeData(directory, now);
    } catch (error) {
      if (!(error instanceof DataHeldError)) throw error;
      if (!isTold) onHeld(error.message);
    }
    await sleep(POLL_MS, undefined, { signal });
  }
}

function lockFile(path: string): DatabaseSync | undefined {
  const database = new DatabaseSync(path);
  try {
    database.exec('PRAGMA busy_timeout = 0; PRAGMA locking_mode = EXCLUSIVE; BEGIN EXCLUSIVE');
    return database;
  } catch (error) {
    database.close();
    if ((error as { errcode?: number }).errcode === SQLITE_BUSY) return undefined;
    throw error;
  }
}

function heldText(directory: string): string {
  return `another gateway process works on ${directory}${holder(directory)}: two on the same data would lose what the other writes. Stop that one, give this one a dataDirectory of its own, or start it with --standby so that it takes over when the other ends`;
}

function holder(directory: string): string {
  try {
    const { pid, host, since } = owner.parse(JSON.parse(readFileSync(join(directory, OWNER), 'utf8')));
    return ` (process ${pid} on ${host}, since ${since})`;
  } catch {
    // It has the lock and has not written yet who it is.
    return '';
  }
}
