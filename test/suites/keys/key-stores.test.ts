import { openFileKeyStore } from '@consent-ledger/gateway/internal/adapters/keys/file-key-store';
import { openPkcs11KeyStore } from '@consent-ledger/gateway/internal/adapters/keys/pkcs11-key-store';
import { openVault } from '@consent-ledger/gateway/internal/adapters/keys/sqlite-vault';
import type { KeyStore } from '@consent-ledger/gateway/internal/ports/key-store';
import { expect } from 'chai';
import { execFileSync } from 'node:child_process';
import { chmodSync, existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** Where Debian, Fedora and Homebrew put it. */
const SOFTHSM = [
  '/usr/lib/softhsm/libsofthsm2.so',
  '/usr/lib64/pkcs11/libsofthsm2.so',
  '/opt/homebrew/lib/softhsm/libsofthsm2.so',
].find((path) => existsSync(path));
const PIN = '271828';

function isBuilt(): boolean {
  try {
    createRequire(import.meta.url)('pkcs11js');
    return true;
  } catch {
    return false;
  }
}

async function failure(work: Promise<unknown>): Promise<string> {
  const outcome = await work.then(
    () => 'none',
    (error: unknown) => error,
  );
  expect(outcome).to.be.instanceOf(Error);
  return (outcome as Error).message;
}

/** What every key store does. `open` opens the same key again, each time. */
function keyStore(open: (mayMake: boolean) => Promise<KeyStore>): void {
  async function once<Result>(work: (store: KeyStore) => Promise<Result>, mayMake = true): Promise<Result> {
    const store = await open(mayMake);
    try {
      return await work(store);
    } finally {
      await store.close();
    }
  }

  it('opens after a restart what it sealed, and is known by the same id', async () => {
    const content = Buffer.from('a key of 32 bytes, or something');
    const [id, sealed] = await once(async (store) => [store.keyId, await store.seal(content, 'a test')]);
    await once(async (store) => {
      expect(store.keyId).to.equal(id);
      expect(await store.open(sealed, 'a test')).to.deep.equal(content);
    }, false);
  });

  it('seals the same otherwise each time, and shows nothing of it', async () => {
    await once(async (store) => {
      const content = Buffer.alloc(32, 'secret');
      const [first, second] = [await store.seal(content, 'p'), await store.seal(content, 'p')];
      expect(first.equals(second)).to.equal(false);
      expect(first.includes('secret')).to.equal(false);
      expect(first[0]).to.equal(1);
      expect(first).to.have.length(1 + 12 + 32 + 16);
    });
  });

  it('opens nothing for another purpose, altered, cut short, or of another form', async () => {
    await once(async (store) => {
      const sealed = await store.seal(Buffer.alloc(32, 1), 'p');
      await failure(store.open(sealed, 'q'));
      for (const place of [1, 20, sealed.length - 1]) {
        const altered = Buffer.from(sealed);
        altered[place] = (altered[place] ?? 0) ^ 1;
        await failure(store.open(altered, 'p'));
      }
      await failure(store.open(sealed.subarray(0, -1), 'p'));
      await failure(store.open(sealed.subarray(0, 20), 'p'));
      expect(await failure(store.open(Buffer.concat([Buffer.of(2), sealed.subarray(1)]), 'p'))).to.match(
        /form 2/,
      );
      expect(await store.open(sealed, 'p')).to.deep.equal(Buffer.alloc(32, 1));
    });
  });

  it('does many things at once', async () => {
    await once(async (store) => {
      const contents = Array.from({ length: 40 }, (_, at) => Buffer.alloc(32, at));
      const sealed = await Promise.all(contents.map((each, at) => store.seal(each, `${at}`)));
      expect(await Promise.all(sealed.map((each, at) => store.open(each, `${at}`)))).to.deep.equal(contents);
    });
  });

  it('keeps a vault', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'consent-ledger-vault-'));
    await once(async (store) => {
      const vault = await openVault(join(folder, 'vault.db'), store);
      const record = { record: 'r', version: 1, subjects: ['one', 'two'] };
      const { key, shares } = await vault.create(record);
      vault.keep({ ciphertext: 'c', ...record }, shares);
      expect(await vault.open('c')).to.deep.equal(key);
      vault.close();
    });
    rmSync(folder, { recursive: true });
  });
}

describe('a key store in a file', () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'consent-ledger-key-'));
  });
  afterEach(() => {
    rmSync(folder, { recursive: true });
  });

  keyStore((mayMake) => Promise.resolve(openFileKeyStore(join(folder, 'master.key'), mayMake)));
});

describe('a key store in a PKCS#11 device', () => {
  if (SOFTHSM === undefined || !isBuilt()) {
    it.skip('install SoftHSM 2 and run `npm rebuild pkcs11js --ignore-scripts=false` to run this');
    return;
  }
  const library = SOFTHSM;
  let folder: string;
  let pinFile: string;
  const open = (mayMake = true, changes: object = {}): Promise<KeyStore> =>
    openPkcs11KeyStore({ library, token: 'riverside', key: 'custodian', pinFile, ...changes }, mayMake);

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'consent-ledger-hsm-'));
    mkdirSync(join(folder, 'tokens'));
    writeFileSync(join(folder, 'softhsm2.conf'), `directories.tokendir = ${join(folder, 'tokens')}\n`);
    process.env['SOFTHSM2_CONF'] = join(folder, 'softhsm2.conf');
    const init = ['--init-token', '--free', '--label', 'riverside', '--pin', PIN, '--so-pin', '314159'];
    execFileSync('softhsm2-util', init, { stdio: 'ignore' });
    pinFile = join(folder, 'pin');
    writeFileSync(pinFile, `${PIN}\n`, { mode: 0o600 });
  });
  afterEach(() => {
    delete process.env['SOFTHSM2_CONF'];
    rmSync(folder, { recursive: true });
  });

  keyStore(open);

  it('says what is missing: token, key, or PIN, and takes no PIN that others can read', async () => {
    expect(await failure(open(true, { token: 'lakeside' }))).to.match(/no token with the label lakeside/);
    expect(await failure(open(false))).to.match(/custodian is gone from riverside.*restore it/);
    chmodSync(pinFile, 0o644);
    expect(await failure(open())).to.match(/chmod 600/);
    writeFileSync(pinFile, 'wrong');
    chmodSync(pinFile, 0o600);
    expect(await failure(open())).to.match(/CKR_PIN_INCORRECT/);
  });
});
