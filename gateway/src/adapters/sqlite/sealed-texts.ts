import { sha256 } from '@consent-ledger/chaincode/wire';
import type { SealedTextStore } from '../../ports/sealed-texts.js';
import type { SubjectSeal } from '../../ports/subject-seal.js';
import { openDatabase } from './database.js';

const SCHEMA = `
CREATE TABLE text (digest TEXT PRIMARY KEY, subject TEXT NOT NULL, sealed BLOB NOT NULL) STRICT, WITHOUT ROWID;
CREATE INDEX text_by_subject ON text(subject)`;

const purposeOf = (subject: string): string => `amendment text of ${subject}`;

/** The texts in one SQLite file, written through to the disk; what is forgotten is overwritten. */
export function openSealedTexts(path: string, seal: SubjectSeal): SealedTextStore & { close(): void } {
  const database = openDatabase(path, SCHEMA, 1, 'full');
  database.exec('PRAGMA secure_delete = ON');
  const add = database.prepare(
    'INSERT INTO text (digest, subject, sealed) VALUES (?, ?, ?) ON CONFLICT DO NOTHING',
  );
  const find = database.prepare('SELECT sealed FROM text WHERE digest = ? AND subject = ?');
  const drop = database.prepare('DELETE FROM text WHERE digest = ?');
  const forget = database.prepare('DELETE FROM text WHERE subject = ?');
  return {
    async keep(subject, text) {
      const sealed = await seal.sealFor(subject, Buffer.from(text, 'utf8'), purposeOf(subject));
      const digest = sha256(sealed);
      add.run(digest, subject, sealed);
      return digest;
    },
    async find(subject, digest) {
      const row = find.get(digest, subject) as { readonly sealed: Uint8Array } | undefined;
      if (row === undefined) return undefined;
      return (await seal.openFor(subject, row.sealed, purposeOf(subject))).toString('utf8');
    },
    drop(digest) {
      drop.run(digest);
    },
    forget(subject) {
      if (forget.run(subject).changes > 0) database.exec('PRAGMA wal_checkpoint(TRUNCATE)');
    },
    close() {
      database.close();
    },
  };
}
