import { accessSync, chmodSync, closeSync, constants, mkdirSync, openSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { damaged, explainSqlite, StoreError, unwritable } from './store-error.js';

export const LEDGER_FILE = 'ledger.db';
const PAGE_BYTES = 4096;
export const TRANSIENT_FILE = 'transient.db';

/**
 * Everything that a block changes is in one database and changes in one transaction. Keys are BLOBs, so that they
 * sort by raw bytes. Rows that cannot be derived from a block again carry a checksum.
 */
const SCHEMA = `
  CREATE TABLE meta(name TEXT PRIMARY KEY, value BLOB NOT NULL) WITHOUT ROWID;
  CREATE TABLE spaces(id INTEGER PRIMARY KEY, namespace TEXT NOT NULL, collection TEXT NOT NULL,
    UNIQUE(namespace, collection));
  CREATE TABLE blocks(number INTEGER PRIMARY KEY, block BLOB NOT NULL, annex BLOB NOT NULL, checksum BLOB NOT NULL);
  CREATE TABLE transactions(tx_id BLOB PRIMARY KEY, block INTEGER NOT NULL, tx INTEGER NOT NULL, code INTEGER NOT NULL)
    WITHOUT ROWID;
  CREATE TABLE state(space INTEGER NOT NULL, key BLOB NOT NULL, block INTEGER NOT NULL, tx INTEGER NOT NULL,
    value BLOB NOT NULL, metadata BLOB, PRIMARY KEY(space, key)) WITHOUT ROWID;
  CREATE TABLE hashed(space INTEGER NOT NULL, key_hash BLOB NOT NULL, block INTEGER NOT NULL, tx INTEGER NOT NULL,
    value_hash BLOB NOT NULL, metadata BLOB, value_block INTEGER NOT NULL, value_tx INTEGER NOT NULL,
    PRIMARY KEY(space, key_hash)) WITHOUT ROWID;
  CREATE TABLE history(space INTEGER NOT NULL, key BLOB NOT NULL, block INTEGER NOT NULL, tx INTEGER NOT NULL,
    PRIMARY KEY(space, key, block, tx)) WITHOUT ROWID;
  CREATE TABLE private_sets(id INTEGER PRIMARY KEY, block INTEGER NOT NULL, tx INTEGER NOT NULL, space INTEGER NOT NULL,
    holders TEXT NOT NULL, condition INTEGER NOT NULL, rwset BLOB NOT NULL, checksum BLOB NOT NULL,
    UNIQUE(block, tx, space));
  CREATE TABLE missing_sets(block INTEGER NOT NULL, tx INTEGER NOT NULL, space INTEGER NOT NULL, msp_id TEXT NOT NULL,
    PRIMARY KEY(block, tx, space, msp_id)) WITHOUT ROWID;
  CREATE INDEX missing_by_member ON missing_sets(msp_id);
  CREATE TABLE private_keys(space INTEGER NOT NULL, key BLOB NOT NULL, sets TEXT NOT NULL, PRIMARY KEY(space, key))
    WITHOUT ROWID;
`;
const SCHEMA_VERSION = 2;

const TRANSIENT_SCHEMA = `
  CREATE TABLE IF NOT EXISTS staged_sets(tx_id BLOB NOT NULL, digest BLOB NOT NULL, height INTEGER NOT NULL,
    private_set BLOB NOT NULL, PRIMARY KEY(tx_id, digest));
  CREATE INDEX IF NOT EXISTS staged_by_height ON staged_sets(height);
  CREATE TABLE IF NOT EXISTS staged_holders(tx_id BLOB NOT NULL, digest BLOB NOT NULL, msp_id TEXT NOT NULL,
    PRIMARY KEY(tx_id, digest, msp_id)) WITHOUT ROWID;
  CREATE TABLE IF NOT EXISTS tip(id INTEGER PRIMARY KEY CHECK(id = 1), number INTEGER NOT NULL,
    header_hash BLOB NOT NULL);
`;

/** Makes the folder if need be, readable by its owner alone: it holds the private data of every organisation. */
function prepareFolder(folder: string): void {
  try {
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    accessSync(folder, constants.R_OK | constants.W_OK | constants.X_OK);
  } catch (cause) {
    throw unwritable(folder, cause);
  }
}

function openFile(folder: string, name: string): DatabaseSync {
  const path = join(folder, name);
  try {
    closeSync(openSync(path, 'a', 0o600));
    chmodSync(path, 0o600);
  } catch (cause) {
    throw unwritable(folder, cause);
  }
  return new DatabaseSync(path);
}

/**
 * Opens the ledger's database and keeps it locked: the lock is the operating system's, so it dies with the process.
 * A commit returns only when it is on the disk (synchronous=FULL).
 * @param maxBytes Size at which the database counts as full, whatever the disk has left.
 */
export function openDatabase(folder: string, maxBytes?: number): DatabaseSync {
  prepareFolder(folder);
  let database: DatabaseSync | undefined;
  try {
    database = openFile(folder, LEDGER_FILE);
    database.exec(`
      PRAGMA page_size = ${PAGE_BYTES};
      PRAGMA locking_mode = EXCLUSIVE;
      PRAGMA journal_mode = WAL;
      PRAGMA synchronous = FULL;
      PRAGMA secure_delete = ON;
      PRAGMA cache_size = -32768;
      PRAGMA wal_autocheckpoint = 8192;
      PRAGMA journal_size_limit = 67108864;
      BEGIN EXCLUSIVE;
    `);
    if (versionOf(database) === 0) database.exec(`${SCHEMA} PRAGMA user_version = ${SCHEMA_VERSION}`);
    requireVersion(database, folder);
    database.exec('COMMIT');
    requireSchema(database, folder);
    if (maxBytes !== undefined) {
      database.exec(`PRAGMA max_page_count = ${Math.max(1, Math.floor(maxBytes / PAGE_BYTES))}`);
    }
    return database;
  } catch (error) {
    database?.close();
    throw explainSqlite(error, folder, 0);
  }
}

/** The same tables for as long as the process wants them: in memory, and in a file without a name once there is much. */
export function openScratchDatabase(): DatabaseSync {
  const database = new DatabaseSync('');
  database.exec(SCHEMA);
  return database;
}

/** @throws StoreError where the tables are not those of this version, or where their description was altered */
export function requireKnownSchema(database: DatabaseSync, folder: string): void {
  requireVersion(database, folder);
  requireSchema(database, folder);
}

function versionOf(database: DatabaseSync): unknown {
  return database.prepare('PRAGMA user_version').get()?.['user_version'];
}

function requireVersion(database: DatabaseSync, folder: string): void {
  const version = versionOf(database);
  if (version === SCHEMA_VERSION) return;
  throw new StoreError(
    'foreign',
    `the ledger in ${folder} was written by another version of this program (format ${String(version)}). Use that version, or start anew with "consent-ledger reset"`,
  );
}

/** The description of the tables is in the file too, and as good as any other part of it to be damaged. */
function requireSchema(database: DatabaseSync, folder: string): void {
  const expected = new DatabaseSync(':memory:');
  try {
    expected.exec(SCHEMA);
    const describe = (of: DatabaseSync): string =>
      JSON.stringify(of.prepare('SELECT type, name, tbl_name, sql FROM sqlite_schema ORDER BY name').all());
    if (describe(database) !== describe(expected)) {
      throw damaged(folder, 0, 'the description of its tables was altered');
    }
  } finally {
    expected.close();
  }
}

/**
 * Every page of the file must be one that SQLite can walk: what reads a table from end to end may pass over damage that a
 * search in it would meet.
 * @param height number of blocks that were found to be as they should
 * @throws StoreError
 */
export function requireSoundPages(database: DatabaseSync, folder: string, height: number): void {
  const [found] = Object.values(database.prepare('PRAGMA quick_check(1)').get() ?? {});
  if (found !== 'ok') throw damaged(folder, height, 'the database file is malformed');
}

/**
 * The transient store (private data between endorsement and commit) and the witness of the tip. It has to outlive a
 * crash of this process, because a client may send its signed transaction again; of a crash of the machine it may
 * lose the last moments.
 */
export function openTransientDatabase(folder: string): DatabaseSync {
  try {
    const database = openFile(folder, TRANSIENT_FILE);
    database.exec(`
      PRAGMA locking_mode = EXCLUSIVE;
      PRAGMA journal_mode = WAL;
      PRAGMA synchronous = NORMAL;
      PRAGMA secure_delete = ON;
      PRAGMA wal_autocheckpoint = 8192;
      ${TRANSIENT_SCHEMA}
    `);
    return database;
  } catch (error) {
    throw explainSqlite(error, folder, 0);
  }
}
