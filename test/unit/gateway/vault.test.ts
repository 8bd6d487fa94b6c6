import { expect } from 'chai';
import { chmodSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { openFileVault } from '@consent-ledger/gateway/internal/adapters/keys/file-vault';
import { Refusal } from '@consent-ledger/gateway/internal/usecases/refusal';

describe('the vault gives a key back to nobody without all the keys above it', () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'vault-'));
  });
  afterEach(() => {
    rmSync(folder, { recursive: true });
  });

  const keep = (subjects: readonly string[], ciphertext = 'c'.repeat(43)): Buffer => {
    const vault = openFileVault(folder);
    const { key, sealed } = vault.create(subjects);
    vault.keep({ ciphertext, record: 'r', version: 1, subjects }, sealed);
    vault.close();
    return key;
  };
  const open = (ciphertext = 'c'.repeat(43)): unknown => {
    const vault = openFileVault(folder);
    try {
      return vault.open(ciphertext);
    } catch (error) {
      return error;
    } finally {
      vault.close();
    }
  };
  const sql = (statement: string): void => {
    const database = new DatabaseSync(join(folder, 'vault.db'));
    database.exec(statement);
    database.close();
  };

  it('opens after a restart, in whatever order the subjects are named', () => {
    const key = keep(['two', 'one', 'two']);
    expect(open()).to.deep.equal(key);
  });

  it('holds no key in the clear', () => {
    const key = keep(['one']);
    expect(readFileSync(join(folder, 'vault.db')).includes(key)).to.equal(false);
  });

  it('opens nothing once the key of one of the subjects is gone', () => {
    keep(['one', 'two']);
    sql("DELETE FROM subject_key WHERE subject = 'two'");
    expect(open()).to.be.instanceOf(Refusal).and.include({ code: 'record-damaged' });
  });

  it('opens nothing that was moved to another record, subject or master key', () => {
    keep(['one']);
    sql(`UPDATE record_key SET subjects = '["other"]'`);
    expect(open()).to.be.instanceOf(Refusal);
    rmSync(join(folder, 'master.key'));
    expect(() => openFileVault(folder)).to.throw(/restore it/);
  });

  it('will not start on a master key that others can read', () => {
    keep(['one']);
    chmodSync(join(folder, 'master.key'), 0o644);
    expect(() => openFileVault(folder)).to.throw(/chmod 600/);
  });

  it('forgets', () => {
    keep(['one']);
    const vault = openFileVault(folder);
    expect(vault.unconfirmed().map(({ record, version }) => ({ record, version }))).to.deep.equal([
      { record: 'r', version: 1 },
    ]);
    vault.confirm('c'.repeat(43));
    expect(vault.unconfirmed()).to.deep.equal([]);
    vault.forget('c'.repeat(43));
    vault.close();
    expect(open()).to.be.instanceOf(Refusal);
  });
});
