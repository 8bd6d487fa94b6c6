import { randomBytes } from 'node:crypto';
import type { DatabaseSync } from 'node:sqlite';
import type { KeyStore } from '../../ports/key-store.js';
import type { Destroyed, FreshKey, KeyDestruction, KeyedRecord, KeyVault } from '../../ports/key-vault.js';
import type { SubjectSeal } from '../../ports/subject-seal.js';
import { Refusal } from '../../usecases/refusal.js';
import { inTransaction, openDatabase } from '../sqlite/database.js';
import { seal, unseal } from './sealing.js';
import { join, split } from './shares.js';
import { VAULT_SCHEMA, VAULT_VERSION } from './vault-schema.js';

const KEY_BYTES = 32;
const PROOF = 'proof of the custodian key';

/**
 * The vault in one SQLite file of mode 0600: nothing in it opens without the custodian's key. Deleted rows are overwritten
 * (`secure_delete`), and the journal is emptied when a key goes. Rejects where the file was sealed under another custodian's key.
 */
export async function openVault(path: string, keyStore: KeyStore): Promise<SqliteVault> {
  const database = openDatabase(path, VAULT_SCHEMA, VAULT_VERSION, 'full');
  database.exec('PRAGMA secure_delete = ON');
  try {
    await requireSameKey(database, keyStore, path);
  } catch (error) {
    database.close();
    throw error;
  }
  return new SqliteVault(database, keyStore);
}

async function requireSameKey(database: DatabaseSync, keyStore: KeyStore, path: string): Promise<void> {
  const row = database.prepare('SELECT id, proof FROM custodian_key').get() as
    { id: string; proof: Uint8Array } | undefined;
  if (row === undefined) {
    const proof = await keyStore.seal(Buffer.from(keyStore.keyId), PROOF);
    database.prepare('INSERT INTO custodian_key (id, proof) VALUES (?, ?)').run(keyStore.keyId, proof);
    return;
  }
  if (row.id !== keyStore.keyId)
    throw new Error(`${path} was sealed under the key ${row.id}, not under ${keyStore.keyId}: name that one`);
  await keyStore.open(row.proof, PROOF);
}

interface RecordRow {
  readonly ciphertext: string;
  readonly record: string;
  readonly version: number;
}

export class SqliteVault implements KeyVault, KeyDestruction, SubjectSeal {
  readonly #database: DatabaseSync;
  readonly #keyStore: KeyStore;
  readonly #statements: ReturnType<typeof statementsOf>;

  constructor(database: DatabaseSync, keyStore: KeyStore) {
    this.#database = database;
    this.#keyStore = keyStore;
    this.#statements = statementsOf(database);
  }

  async create(record: Omit<KeyedRecord, 'ciphertext'>): Promise<FreshKey> {
    const subjects = ordered(record.subjects);
    const key = randomBytes(KEY_BYTES);
    const parts = split(key, subjects.length);
    const shares = new Map<string, Buffer>();
    for (const [place, subject] of subjects.entries()) {
      const part = parts[place] ?? Buffer.alloc(0);
      const sealed = await this.sealFor(subject, part, shareOf(record, subject));
      part.fill(0);
      shares.set(subject, sealed);
    }
    return { key, shares };
  }

  keep({ ciphertext, record, version, subjects }: KeyedRecord, shares: FreshKey['shares']): void {
    const { addRecord, addShare } = this.#statements;
    inTransaction(this.#database, () => {
      addRecord.run(ciphertext, record, version);
      for (const subject of ordered(subjects)) {
        if (this.#isDestroyed(subject)) throw new Refusal('subject-erased');
        addShare.run(ciphertext, subject, shares.get(subject) ?? Buffer.alloc(0));
      }
    });
  }

  confirm(ciphertext: string): void {
    this.#statements.confirm.run(ciphertext);
  }

  unconfirmed(): KeyedRecord[] {
    return (this.#statements.unconfirmed.all() as unknown as RecordRow[]).map((row) => this.#keyedOf(row));
  }

  async open(ciphertext: string): Promise<Buffer> {
    const row = this.#statements.record.get(ciphertext) as RecordRow | undefined;
    try {
      if (row === undefined) throw new Error('no key is kept for this ciphertext');
      const record = this.#keyedOf(row);
      const shares = this.#sharesOf(ciphertext);
      if (shares.length === 0) throw new Error('no share of this key is kept');
      const opened = await Promise.all(
        shares.map(({ subject, sealed }) => this.openFor(subject, sealed, shareOf(record, subject))),
      );
      return join(opened);
    } catch (error) {
      if (error instanceof Refusal && error.code === 'store-unavailable') throw error;
      throw new Refusal('record-damaged', { cause: error });
    }
  }

  forget(ciphertext: string): void {
    this.#statements.drop.run(ciphertext);
    this.#emptyJournal();
  }

  async sealFor(subject: string, content: Uint8Array, purpose: string): Promise<Buffer> {
    const key = (await this.#subjectKey(subject)) ?? (await this.#newSubjectKey(subject));
    const sealed = seal(content, key, purpose);
    key.fill(0);
    return sealed;
  }

  async openFor(subject: string, sealed: Uint8Array, purpose: string): Promise<Buffer> {
    const key = await this.#subjectKey(subject);
    if (key === undefined) throw new Error('the key of a subject was destroyed');
    try {
      return unseal(sealed, key, purpose);
    } finally {
      key.fill(0);
    }
  }

  destroy(subject: string): Destroyed {
    const { doom, drop, dropSubject, markDestroyed, ofSubject, subject: find } = this.#statements;
    const hadKey = find.get(subject) !== undefined;
    const rows = ofSubject.all(subject) as unknown as Pick<RecordRow, 'ciphertext'>[];
    if (!hadKey && rows.length === 0 && this.#isDestroyed(subject)) return { hadKey, records: 0 };
    inTransaction(this.#database, () => {
      markDestroyed.run(subject);
      for (const { ciphertext } of rows) {
        doom.run(ciphertext);
        drop.run(ciphertext);
      }
      dropSubject.run(subject);
    });
    this.#emptyJournal();
    return { hadKey, records: rows.length };
  }

  doomed(): string[] {
    const rows = this.#statements.doomed.all() as unknown as Pick<RecordRow, 'ciphertext'>[];
    return rows.map(({ ciphertext }) => ciphertext);
  }

  gone(ciphertext: string): void {
    this.#statements.gone.run(ciphertext);
  }

  close(): void {
    this.#database.close();
  }

  /** Deleted rows are overwritten in the file; the journal must not keep them either. */
  #emptyJournal(): void {
    this.#database.exec('PRAGMA wal_checkpoint(TRUNCATE)');
  }

  #isDestroyed(subject: string): boolean {
    return this.#statements.isDestroyed.get(subject) !== undefined;
  }

  async #subjectKey(subject: string): Promise<Buffer | undefined> {
    const row = this.#statements.subject.get(subject) as { sealed: Uint8Array } | undefined;
    return row === undefined ? undefined : this.#keyStore.open(row.sealed, keyOf(subject));
  }

  /** One only, though several come at once; and none for whom it was destroyed meanwhile. */
  async #newSubjectKey(subject: string): Promise<Buffer> {
    if (this.#isDestroyed(subject)) throw new Refusal('subject-erased');
    const fresh = randomBytes(KEY_BYTES);
    const sealed = await this.#keyStore.seal(fresh, keyOf(subject));
    fresh.fill(0);
    this.#statements.addSubject.run(subject, sealed, subject);
    const key = await this.#subjectKey(subject);
    if (key === undefined) throw new Refusal('subject-erased');
    return key;
  }

  #keyedOf({ ciphertext, record, version }: RecordRow): KeyedRecord {
    return {
      ciphertext,
      record,
      version,
      subjects: this.#sharesOf(ciphertext).map(({ subject }) => subject),
    };
  }

  #sharesOf(ciphertext: string): readonly { readonly subject: string; readonly sealed: Uint8Array }[] {
    return this.#statements.shares.all(ciphertext) as unknown as { subject: string; sealed: Uint8Array }[];
  }
}

function ordered(subjects: readonly string[]): string[] {
  return [...new Set(subjects)].sort();
}

function keyOf(subject: string): string {
  return `key of subject ${subject}`;
}

/** A share is good for one subject of one record version, about exactly these. */
function shareOf({ record, version, subjects }: Omit<KeyedRecord, 'ciphertext'>, subject: string): string {
  return `share of ${subject} in version ${version} of record ${record} of ${ordered(subjects).join(' ')}`;
}

function statementsOf(database: DatabaseSync) {
  return {
    subject: database.prepare('SELECT sealed FROM subject_key WHERE subject = ?'),
    addSubject: database.prepare(`
      INSERT INTO subject_key (subject, sealed) SELECT ?, ? WHERE NOT EXISTS (SELECT 1 FROM destroyed WHERE subject = ?)
      ON CONFLICT DO NOTHING`),
    dropSubject: database.prepare('DELETE FROM subject_key WHERE subject = ?'),
    record: database.prepare('SELECT ciphertext, record, version FROM record_key WHERE ciphertext = ?'),
    addRecord: database.prepare(
      'INSERT INTO record_key (ciphertext, record, version, confirmed) VALUES (?, ?, ?, 0)',
    ),
    shares: database.prepare(
      'SELECT subject, sealed FROM record_share WHERE ciphertext = ? ORDER BY subject',
    ),
    addShare: database.prepare('INSERT INTO record_share (ciphertext, subject, sealed) VALUES (?, ?, ?)'),
    confirm: database.prepare('UPDATE record_key SET confirmed = 1 WHERE ciphertext = ?'),
    drop: database.prepare('DELETE FROM record_key WHERE ciphertext = ?'),
    unconfirmed: database.prepare('SELECT ciphertext, record, version FROM record_key WHERE confirmed = 0'),
    ofSubject: database.prepare('SELECT ciphertext FROM record_share WHERE subject = ?'),
    doom: database.prepare('INSERT INTO doomed (ciphertext) VALUES (?) ON CONFLICT DO NOTHING'),
    doomed: database.prepare('SELECT ciphertext FROM doomed'),
    gone: database.prepare('DELETE FROM doomed WHERE ciphertext = ?'),
    isDestroyed: database.prepare('SELECT 1 FROM destroyed WHERE subject = ?'),
    markDestroyed: database.prepare('INSERT INTO destroyed (subject) VALUES (?) ON CONFLICT DO NOTHING'),
  };
}
