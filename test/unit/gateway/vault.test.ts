import { expect } from 'chai';
import * as fc from 'fast-check';
import { chmodSync, copyFileSync, existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { openFileKeyStore } from '@consent-ledger/gateway/internal/adapters/keys/file-key-store';
import { join as joined, split } from '@consent-ledger/gateway/internal/adapters/keys/shares';
import { openVault, type SqliteVault } from '@consent-ledger/gateway/internal/adapters/keys/sqlite-vault';
import { Refusal } from '@consent-ledger/gateway/internal/usecases/refusal';

const CIPHERTEXT = 'c'.repeat(43);

describe('the vault gives a key back to nobody without all the keys above it', () => {
  let folder: string;
  const file = (name: string): string => join(folder, name);

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'vault-'));
  });
  afterEach(() => {
    rmSync(folder, { recursive: true });
  });

  /** One life of the process that has the vault. */
  async function withVault<Result>(work: (vault: SqliteVault) => Result | Promise<Result>): Promise<Result> {
    const keyStore = openFileKeyStore(file('master.key'), !existsSync(file('vault.db')));
    const vault = await openVault(file('vault.db'), keyStore);
    try {
      return await work(vault);
    } finally {
      vault.close();
      await keyStore.close();
    }
  }
  const keep = (subjects: readonly string[], ciphertext = CIPHERTEXT): Promise<Buffer> =>
    withVault(async (vault) => {
      const record = { record: 'r', version: 1, subjects };
      const { key, shares } = await vault.create(record);
      vault.keep({ ciphertext, ...record }, shares);
      return key;
    });
  const open = (ciphertext = CIPHERTEXT): Promise<unknown> =>
    withVault((vault) => vault.open(ciphertext).catch((error: unknown) => error));
  const sql = (statement: string): void => {
    const database = new DatabaseSync(file('vault.db'));
    database.exec(statement);
    database.close();
  };
  const refused = async (ciphertext?: string): Promise<void> => {
    expect(await open(ciphertext))
      .to.be.instanceOf(Refusal)
      .and.include({ code: 'record-damaged' });
  };

  it('opens after a restart, in whatever order the subjects are named', async () => {
    const key = await keep(['two', 'one', 'two', 'three']);
    expect(await open()).to.deep.equal(key);
  });

  it('holds no key in the clear', async () => {
    const key = await keep(['one']);
    expect(readFileSync(file('vault.db')).includes(key)).to.equal(false);
  });

  it('opens nothing once any of the subjects’ keys, or shares, is gone', async () => {
    for (const [at, table] of ['subject_key', 'record_share'].entries()) {
      const ciphertext = `${at}`.repeat(43);
      await keep(['one', 'two'], ciphertext);
      sql(`DELETE FROM ${table} WHERE subject = 'two'`);
      await refused(ciphertext);
    }
  });

  it('opens nothing that was moved to another record, version or subject', async () => {
    for (const move of [
      "UPDATE record_key SET record = 'other'",
      'UPDATE record_key SET version = 2',
      "UPDATE record_share SET subject = 'two' WHERE subject = 'one'",
    ]) {
      rmSync(file('vault.db'), { force: true });
      await keep(['one'], 'd'.repeat(43));
      await keep(['two'], 'e'.repeat(43));
      sql(move);
      await refused('d'.repeat(43));
    }
  });

  it('says which key is missing, and is not fooled by another', async () => {
    await keep(['one']);
    rmSync(file('master.key'));
    const missing = await open().catch((error: unknown) => error);
    expect(missing)
      .to.be.an('error')
      .with.property('message')
      .that.matches(/restore it/);
    const wrong = openFileKeyStore(file('master.key'), true);
    const outcome = await openVault(file('vault.db'), wrong).catch((error: unknown) => error);
    expect(outcome)
      .to.be.an('error')
      .with.property('message')
      .that.matches(/was sealed under the key file:[0-9a-f]{16}, not under file:/);
  });

  it('will not start on a master key that others can read', async () => {
    await keep(['one']);
    chmodSync(file('master.key'), 0o644);
    const outcome = await open().catch((error: unknown) => error);
    expect(outcome)
      .to.be.an('error')
      .with.property('message')
      .that.matches(/chmod 600/);
  });

  it('forgets', async () => {
    await keep(['one']);
    await withVault((vault) => {
      expect(vault.unconfirmed()).to.deep.equal([
        { ciphertext: CIPHERTEXT, record: 'r', version: 1, subjects: ['one'] },
      ]);
      vault.confirm(CIPHERTEXT);
      expect(vault.unconfirmed()).to.deep.equal([]);
      vault.forget(CIPHERTEXT);
    });
    await refused();
  });

  it('gives a subject one key, however many ask for it at once', async () => {
    await withVault(async (vault) => {
      const sealed = await Promise.all([1, 2, 3].map((n) => vault.sealFor('one', Buffer.of(n), 'a note')));
      const opened = await Promise.all(sealed.map((each) => vault.openFor('one', each, 'a note')));
      expect(opened).to.deep.equal([1, 2, 3].map((n) => Buffer.of(n)));
    });
  });

  describe('once a subject’s key is destroyed', () => {
    const destroyTwo = (): Promise<unknown> => withVault((vault) => vault.destroy('two'));

    it('opens none of their records, shared ones neither, and all others', async () => {
      const other = await keep(['one'], 'a'.repeat(43));
      await keep(['one', 'two'], 'b'.repeat(43));
      await keep(['two'], 'c'.repeat(43));
      const destroyed = await destroyTwo();
      expect(destroyed).to.deep.equal({ hadKey: true, records: 2 });
      await withVault((vault) => {
        expect(vault.doomed()).to.deep.equal(['b'.repeat(43), 'c'.repeat(43)]);
        vault.gone('b'.repeat(43));
      });
      expect(await withVault((vault) => vault.doomed())).to.deep.equal(['c'.repeat(43)]);
      await refused('b'.repeat(43));
      await refused('c'.repeat(43));
      expect(await open('a'.repeat(43))).to.deep.equal(other);
    });

    it('leaves no byte of it in the file or its journal', async () => {
      await keep(['two']);
      const database = new DatabaseSync(file('vault.db'));
      const { sealed } = database.prepare('SELECT sealed FROM subject_key').get() as { sealed: Uint8Array };
      database.close();
      await withVault((vault) => {
        vault.destroy('two');
        for (const name of ['vault.db', 'vault.db-wal'].filter((each) => existsSync(file(each))))
          expect(readFileSync(file(name)).includes(Buffer.from(sealed)), name).to.equal(false);
      });
    });

    it('never gives them another, and keeps nothing that was begun before', async () => {
      await withVault(async (vault) => {
        const record = { record: 'r', version: 1, subjects: ['one', 'two'] };
        const { shares } = await vault.create(record);
        vault.destroy('two');
        expect(() => {
          vault.keep({ ciphertext: CIPHERTEXT, ...record }, shares);
        }).to.throw(Refusal, 'subject-erased');
        const again = await vault.create(record).catch((error: unknown) => error);
        expect(again).to.be.instanceOf(Refusal).and.include({ code: 'subject-erased' });
        expect(vault.unconfirmed()).to.deep.equal([]);
      });
    });

    it('destroys again what a backup brought back', async () => {
      await keep(['two']);
      copyFileSync(file('vault.db'), file('backup.db'));
      await destroyTwo();
      copyFileSync(file('backup.db'), file('vault.db'));
      expect(await destroyTwo()).to.deep.equal({ hadKey: true, records: 1 });
      expect(await destroyTwo()).to.deep.equal({ hadKey: false, records: 0 });
      await refused();
    });
  });
});

describe('shares of a key', () => {
  const secret = fc.uint8Array({ minLength: 32, maxLength: 32 });

  it('make the key together, and any fewer do not', () => {
    fc.assert(
      fc.property(secret, fc.integer({ min: 1, max: 16 }), fc.nat(), (key, count, chosen) => {
        const shares = split(key, count);
        expect(joined(shares)).to.deep.equal(Buffer.from(key));
        const fewer = shares.filter((_, place) => place !== chosen % count);
        expect(joined(fewer).equals(key)).to.equal(false);
      }),
    );
  });
});
