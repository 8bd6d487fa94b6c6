import { openLedger, type OpenLedger } from '@consent-ledger/network/internal/embedded/open-ledger';
import {
  openStoppedLedger,
  type SoundLedger,
} from '@consent-ledger/network/internal/embedded/stopped-ledger';
import { StoreError } from '@consent-ledger/network/internal/embedded/store/store-error';
import { MetadataSlot, readBlock, readMetadata } from '@consent-ledger/network/internal/wire-format/index';
import { expect } from 'chai';
import { chmodSync, cpSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import {
  CUSTODY,
  LAKESIDE,
  PATIENCE,
  RIVERSIDE,
  SENTINEL,
  testConsortium,
  type TestConsortium,
} from './support/consortium.js';
import { FORGED_KEY, forge } from './support/forging.js';
import { commitTogether, transaction } from './support/sending.js';

const MEMBERS = [RIVERSIDE, SENTINEL];

describe('a stopped ledger', function () {
  this.timeout(PATIENCE);
  let consortium: TestConsortium;
  let original: string;
  /** Number of the last block, whose second transaction too few endorsed. */
  let number: number;
  const folders: string[] = [];

  before(async () => {
    consortium = await testConsortium();
    original = await mkdtemp(join(tmpdir(), 'consent-ledger-'));
    folders.push(original);
    const ledger = await openLedger(consortium.options(original));
    await commitTogether(ledger, [
      transaction(ledger, consortium, { content: { writes: { 'public-key': 'v' } } }),
      transaction(ledger, consortium, {
        content: { collections: { [CUSTODY]: { writes: { 'private-key': 'v' } } } },
        by: MEMBERS,
        stagedAt: MEMBERS,
      }),
    ]);
    number = ledger.height;
    const codes = await commitTogether(ledger, [
      transaction(ledger, consortium, { content: { writes: { rightly: 'v' } } }),
      transaction(ledger, consortium, { content: { writes: { [FORGED_KEY]: 'v' } }, by: [LAKESIDE] }),
    ]);
    expect(codes).to.deep.equal([0, 10]);
    await ledger.close();
  });
  after(async () => {
    for (const folder of folders) await rm(folder, { recursive: true, force: true });
  });

  async function copy(): Promise<string> {
    const folder = await mkdtemp(join(tmpdir(), 'consent-ledger-'));
    folders.push(folder);
    cpSync(original, folder, { recursive: true });
    return folder;
  }

  async function check(folder: string): Promise<SoundLedger> {
    const ledger = openStoppedLedger(folder);
    try {
      return await ledger.check();
    } finally {
      ledger.close();
    }
  }

  async function refusal(folder: string): Promise<StoreError> {
    try {
      await check(folder);
    } catch (error) {
      if (error instanceof StoreError) return error;
      throw error;
    }
    throw new Error('it was taken for sound');
  }

  it('is sound as it was left, and says what it is', async () => {
    const ledger = openStoppedLedger(original);
    try {
      const done: number[] = [];
      const sound = await ledger.check((blocks) => done.push(blocks));
      expect(sound.blocks).to.equal(number + 1);
      expect(sound.isWitnessed).to.equal(true);
      expect(done.at(-1)).to.equal(2 * (number + 1));
      const blocks = [...ledger.blocks()].map((bytes) => readBlock(bytes));
      expect(blocks.map(({ header }) => header.number)).to.deep.equal([...blocks.keys()]);
      const tip = blocks.at(-1)?.metadata[MetadataSlot.COMMIT_HASH] ?? Buffer.alloc(0);
      expect(readMetadata(tip).value.equals(sound.commitHash)).to.equal(true);
      expect(ledger.id).to.have.length(32);
    } finally {
      ledger.close();
    }
  });

  it('is not changed by being looked at, not even its list of files', async () => {
    const folder = await copy();
    const state = (): [string, string][] =>
      readdirSync(folder)
        .filter((name) => name.includes('.db'))
        .map((name) => [name, readFileSync(join(folder, name)).toString('base64')]);
    const before_ = state();
    chmodSync(folder, 0o500);
    try {
      await check(folder);
    } finally {
      chmodSync(folder, 0o700);
    }
    expect(state()).to.deep.equal(before_);
  });

  it('is read to its end after a crash, when the end still stands in the log', async () => {
    const folder = await copy();
    const crashed = await mkdtemp(join(tmpdir(), 'consent-ledger-'));
    folders.push(crashed);
    const ledger = await openLedger(consortium.options(folder));
    await commitTogether(ledger, [transaction(ledger, consortium, { content: { writes: { late: 'v' } } })]);
    cpSync(folder, crashed, { recursive: true });
    await ledger.close();
    const files = readdirSync(crashed);
    expect(files).to.include('ledger.db-wal');
    expect((await check(crashed)).blocks).to.equal(number + 2);
    expect(readdirSync(crashed)).to.deep.equal(files);
  });

  it('is not looked at while it runs', async () => {
    const folder = await copy();
    const ledger: OpenLedger = await openLedger(consortium.options(folder));
    try {
      const error = await refusal(folder);
      expect(error.problem).to.equal('in-use');
    } finally {
      await ledger.close();
    }
  });

  it('is not made where there is none', async () => {
    const folder = await copy();
    rmSync(join(folder, 'ledger.db'));
    expect((await refusal(folder)).problem).to.equal('absent');
    expect(readdirSync(folder)).not.to.include('ledger.db');
  });

  it('is also checked where only its blocks and state were copied, and says what it cannot know', async () => {
    const folder = await copy();
    rmSync(join(folder, 'transient.db'));
    expect((await check(folder)).isWitnessed).to.equal(false);
  });

  it('is found out when it was cut back', async () => {
    const folder = await copy();
    const ledger = await openLedger(consortium.options(folder));
    await commitTogether(ledger, [transaction(ledger, consortium, { content: { writes: { more: 'v' } } })]);
    await ledger.close();
    cpSync(join(original, 'ledger.db'), join(folder, 'ledger.db'));
    const error = await refusal(folder);
    expect(error.problem).to.equal('damaged');
    expect(error.block).to.equal(number + 1);
  });

  it('is found out when a value was altered', async () => {
    const folder = await copy();
    const database = new DatabaseSync(join(folder, 'ledger.db'));
    database.exec("UPDATE state SET value = x'00' WHERE key = CAST('rightly' AS BLOB)");
    database.close();
    const error = await refusal(folder);
    expect(error.block, error.message).to.equal(number);
  });

  it('is found out when a transaction that too few endorsed was made valid, and all that follows from it', async () => {
    const folder = await copy();
    forge(folder, number, 0);
    await (await openLedger(consortium.options(folder))).close();
    const error = await refusal(folder);
    expect(error.block).to.equal(number);
    expect(error.message).to.include(
      'transaction 1 has the code 0, and by the rules of the channel it is 10',
    );
  });

  it('is found out when a transaction has another reason to be invalid', async () => {
    const folder = await copy();
    forge(folder, number, 11);
    const error = await refusal(folder);
    expect(error.message).to.include(
      'transaction 1 has the code 11, and by the rules of the channel it is 10',
    );
  });
});
