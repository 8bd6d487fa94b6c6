import { createHmac, randomBytes } from 'node:crypto';
import { existsSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import type { KeyVault } from '../../ports/key-vault.js';
import type { SubjectSeal } from '../../ports/subject-seal.js';
import { Refusal } from '../../usecases/refusal.js';
import { openDatabase } from '../sqlite/database.js';
import { seal, unseal } from './sealing.js';
import { secretFile } from './secret-file.js';

const KEY_BYTES = 32;
const SCHEMA = `
CREATE TABLE subject_key (subject TEXT PRIMARY KEY, sealed BLOB NOT NULL) STRICT, WITHOUT ROWID;
CREATE TABLE record_key (
  ciphertext TEXT PRIMARY KEY,
  record TEXT NOT NULL,
  version INTEGER NOT NULL,
  subjects TEXT NOT NULL,
  sealed BLOB NOT NULL,
  confirmed INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX unconfirmed_key ON record_key(ciphertext) WHERE confirmed = 0`;

interface Row {
  readonly ciphertext: string;
  readonly record: string;
  readonly version: number;
  readonly subjects: string;
  readonly sealed: Uint8Array;
}

/**
 * The vault in one folder: the master key in a file of mode 0600, everything else sealed under it in one SQLite file.
 * Deleted rows are overwritten (`secure_delete`), and the journal is truncated when a key goes.
 */
export function openFileVault(directory: string): KeyVault & SubjectSeal & { close(): void } {
  mkdirSync(directory, { recursive: true, mode: 0o700 });
  const file = join(directory, 'vault.db');
  const master = secretFile(join(directory, 'master.key'), !existsSync(file));
  const database = openDatabase(file, SCHEMA, 1, 'full');
  database.exec('PRAGMA secure_delete = ON');
  const findSubject = database.prepare('SELECT sealed FROM subject_key WHERE subject = ?');
  const addSubject = database.prepare('INSERT INTO subject_key (subject, sealed) VALUES (?, ?)');
  const findRecord = database.prepare('SELECT * FROM record_key WHERE ciphertext = ?');
  const addRecord = database.prepare(`
    INSERT INTO record_key (ciphertext, record, version, subjects, sealed, confirmed) VALUES (?, ?, ?, ?, ?, 0)`);
  const confirmRecord = database.prepare('UPDATE record_key SET confirmed = 1 WHERE ciphertext = ?');
  const dropRecord = database.prepare('DELETE FROM record_key WHERE ciphertext = ?');
  const unconfirmed = database.prepare('SELECT * FROM record_key WHERE confirmed = 0');

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
    keep({ ciphertext, record, version, subjects }, sealed) {
      addRecord.run(ciphertext, record, version, JSON.stringify(ordered(subjects)), sealed);
    },
    confirm(ciphertext) {
      confirmRecord.run(ciphertext);
    },
    unconfirmed() {
      return (unconfirmed.all() as unknown as Row[]).map(({ ciphertext, record, version, subjects }) => {
        return { ciphertext, record, version, subjects: JSON.parse(subjects) as string[] };
      });
    },
    open(ciphertext) {
      const row = findRecord.get(ciphertext) as Row | undefined;
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
    sealFor(subject, content, purpose) {
      return seal(content, subjectKey(subject) ?? newSubjectKey(subject), purpose);
    },
    openFor(subject, sealed, purpose) {
      return unseal(sealed, required(subjectKey(subject)), purpose);
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
