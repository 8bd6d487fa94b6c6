import { cpSync, existsSync, mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { pathToFileURL } from 'node:url';
import { LEDGER_FILE, requireKnownSchema, TRANSIENT_FILE } from './database.js';
import { explainSqlite, isBusy, StoreError } from './store-error.js';

const LOG = '-wal';

export interface Unchanged {
  readonly ledger: DatabaseSync;
  /** Undefined where the ledger was copied without it. */
  readonly transient: DatabaseSync | undefined;
  readonly close: () => void;
}

/**
 * Opens a ledger's databases so that nothing in the folder changes, not even its list of files: for looking at a stopped
 * ledger, or at a copy on a medium that cannot be written.
 * @throws StoreError where there is none, or where another process has it open
 */
export function openUnchanged(folder: string): Unchanged {
  if (!existsSync(join(folder, LEDGER_FILE))) {
    throw new StoreError('absent', `there is no ledger in ${folder}`);
  }
  const closing: (() => void)[] = [];
  const close = (): void => {
    for (const each of closing.splice(0).toReversed()) each();
  };
  const open = (file: string): DatabaseSync => {
    const { database, remove } = openFile(folder, file);
    closing.push(remove, () => {
      database.close();
    });
    return database;
  };
  try {
    const ledger = open(LEDGER_FILE);
    requireKnownSchema(ledger, folder);
    const transient = existsSync(join(folder, TRANSIENT_FILE)) ? open(TRANSIENT_FILE) : undefined;
    return { ledger, transient, close };
  } catch (error) {
    close();
    throw explainSqlite(error, folder, 0);
  }
}

/** What was not written back yet when its process died lies in a log, which SQLite reads only where it may write. */
function openFile(folder: string, name: string): { database: DatabaseSync; remove: () => void } {
  const file = join(folder, name);
  const log = `${file}${LOG}`;
  if (existsSync(log)) requireUnlocked(file);
  if (!existsSync(log) || statSync(log).size === 0) {
    return { database: openImmutable(file), remove: () => undefined };
  }
  const copy = mkdtempSync(join(tmpdir(), 'consent-ledger-'));
  const remove = (): void => {
    rmSync(copy, { recursive: true, force: true });
  };
  try {
    for (const each of [file, log]) cpSync(each, join(copy, each === file ? name : `${name}${LOG}`));
    return { database: new DatabaseSync(join(copy, name)), remove };
  } catch (error) {
    remove();
    throw error;
  }
}

/** SQLite would otherwise make a log and an index of it. */
function openImmutable(file: string): DatabaseSync {
  return new DatabaseSync(withParameters(file, 'immutable=1'), { readOnly: true });
}

/** A running ledger keeps its databases locked, and a log beside them. */
function requireUnlocked(file: string): void {
  const database = new DatabaseSync(withParameters(file, 'readonly_shm=1'), { readOnly: true });
  try {
    database.prepare('PRAGMA user_version').get();
  } catch (error) {
    if (isBusy(error)) throw error;
    // It cannot be read without its index, and is not locked: that was the question.
  } finally {
    database.close();
  }
}

function withParameters(file: string, parameters: string): URL {
  const url = pathToFileURL(file);
  url.search = `mode=ro&${parameters}`;
  return url;
}
