import { createHmac, randomBytes } from 'node:crypto';
import {
  closeSync,
  existsSync,
  fsyncSync,
  mkdirSync,
  openSync,
  readFileSync,
  renameSync,
  statSync,
  writeSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import type { KeyVault } from '../../ports/key-vault.js';
import { Refusal } from '../../usecases/refusal.js';
import { openDatabase } from '../sqlite/database.js';
import { seal, unseal } from './sealing.js';

const KEY_BYTES = 32;
const SCHEMA = `
CREATE TABLE subject_key (subject TEXT PRIMARY KEY, sealed BLOB NOT NULL) STRICT, WITHOUT ROWID;
CREATE TABLE record_key (
  ciphertext TEXT PRIMARY KEY,
  subjects TEXT NOT NULL,
  sealed BLOB NOT NULL
) STRICT, WITHOUT ROWID`;

/**
 * The vault in one folder: the master key in a file of mode 0600, everything else sealed under it in one SQLite file.
 * Deleted rows are overwritten (`secure_delete`), and the journal is truncated when a key goes.
 */
export function openFileVault(directory: string): KeyVault {
  mkdirSync(directory, { recursive: true, mode: 0o700 });
  const master = masterKey(join(directory, 'master.key'), existsSync(join(directory, 'vault.db')));
  const database = openDatabase(join(directory, 'vault.db'), SCHEMA, 1, 'full');
  database.exec('PRAGMA secure_delete = ON');
  const findSubject = database.prepare('SELECT sealed FROM subject_key WHERE subject = ?');
  const addSubject = database.prepare('INSERT INTO subject_key (subject, sealed) VALUES (?, ?)');
  const findRecord = database.prepare('SELECT subjects, sealed FROM record_key WHERE ciphertext = ?');
  const addRecord = database.prepare(
    'INSERT INTO record_key (ciphertext, subjects, sealed) VALUES (?, ?, ?)',
  );
  const dropRecord = database.prepare('DELETE FROM record_key WHERE ciphertext = ?');

  const subjectKey = (subject: string): Buffer | undefined => {
    const row = findSubject.get(subject) as { sealed: Uint8Array } | undefined;
    return row === undefined ? undefined : unseal(row.sealed, master, `subject ${subject}`);
  };
  const newSubjectKey = (subject: string): Buffer => {
    const key = randomBytes(KEY_BYTES);
    addSubject.run(subject, seal(key, master, `subject ${subject}`));
    return key;
  };

  return {
    create(subjects) {
      const key = randomBytes(KEY_BYTES);
      const keys = ordered(subjects).map((subject) => subjectKey(subject) ?? newSubjectKey(subject));
      return { key, sealed: seal(key, combined(keys), purposeOf(subjects)) };
    },
    keep(ciphertext, subjects, sealed) {
      addRecord.run(ciphertext, JSON.stringify(ordered(subjects)), sealed);
    },
    open(ciphertext) {
      const row = findRecord.get(ciphertext) as { subjects: string; sealed: Uint8Array } | undefined;
      try {
        if (row === undefined) throw new Error('no key is kept for this ciphertext');
        const subjects = JSON.parse(row.subjects) as string[];
        const keys = subjects.map((subject) => required(subjectKey(subject)));
        return unseal(row.sealed, combined(keys), purposeOf(subjects));
      } catch (error) {
        throw new Refusal('record-damaged', { cause: error });
      }
    },
    forget(ciphertext) {
      dropRecord.run(ciphertext);
      database.exec('PRAGMA wal_checkpoint(TRUNCATE)');
    },
    close() {
      database.close();
    },
  };
}

function ordered(subjects: readonly string[]): string[] {
  return [...new Set(subjects)].sort();
}

function purposeOf(subjects: readonly string[]): string {
  return `record of ${ordered(subjects).join(' ')}`;
}

/** One key out of the keys of all subjects: without any one of them it cannot be had. */
function combined(keys: readonly Buffer[]): Buffer {
  return keys.reduce((key, next) => createHmac('sha256', key).update(next).digest(), Buffer.alloc(KEY_BYTES));
}

function required(key: Buffer | undefined): Buffer {
  if (key === undefined) throw new Error('the key of a subject was destroyed');
  return key;
}

/** Reads the master key, or makes it where no key was ever sealed. Throws an Error that says what to do. */
function masterKey(path: string, hasVault: boolean): Buffer {
  if (existsSync(path)) {
    if ((statSync(path).mode & 0o077) !== 0) throw new Error(`${path} can be read by others: chmod 600 it`);
    const key = readFileSync(path);
    if (key.length !== KEY_BYTES)
      throw new Error(`${path} is not a key of ${KEY_BYTES} bytes: restore it from a backup`);
    return key;
  }
  if (hasVault)
    throw new Error(`${path} is gone, and the vault beside it cannot be opened without it: restore it`);
  const key = randomBytes(KEY_BYTES);
  writeOnce(path, key);
  return key;
}

function writeOnce(path: string, content: Buffer): void {
  const temporary = `${path}.new`;
  const file = openSync(temporary, 'w', 0o600);
  writeSync(file, content);
  fsyncSync(file);
  closeSync(file);
  renameSync(temporary, path);
  const folder = openSync(dirname(path), 'r');
  fsyncSync(folder);
  closeSync(folder);
}
