import { chmodSync, existsSync } from 'node:fs';
import { DatabaseSync } from 'node:sqlite';

/** `full`: what a transaction wrote is on the disk when it returns. `rebuildable`: a crash of the machine may lose the newest. */
export type Durability = 'full' | 'rebuildable';

/**
 * Opens a database file of mode 0600 that has the schema of `version`. Throws an Error where the file is of another
 * version or is no database.
 */
export function openDatabase(
  path: string,
  schema: string,
  version: number,
  durability: Durability,
): DatabaseSync {
  const isNew = !existsSync(path);
  const database = new DatabaseSync(path, { enableForeignKeyConstraints: true });
  if (isNew) chmodSync(path, 0o600);
  database.exec(
    `PRAGMA journal_mode = WAL; PRAGMA synchronous = ${durability === 'full' ? 'FULL' : 'NORMAL'};`,
  );
  database.exec('PRAGMA cache_size = -2048; PRAGMA busy_timeout = 5000;');
  const found = (database.prepare('PRAGMA user_version').get() as { user_version: number }).user_version;
  if (found === 0) database.exec(`BEGIN; ${schema}; PRAGMA user_version = ${version}; COMMIT;`);
  else if (found !== version) {
    database.close();
    throw new Error(`${path} has version ${found} of its tables, and this gateway reads version ${version}`);
  }
  return database;
}

/** Runs `work` in one transaction: all of it, or nothing and the error. */
export function inTransaction<Result>(database: DatabaseSync, work: () => Result): Result {
  database.exec('BEGIN IMMEDIATE');
  try {
    const result = work();
    database.exec('COMMIT');
    return result;
  } catch (error) {
    if (database.isTransaction) database.exec('ROLLBACK');
    throw error;
  }
}
