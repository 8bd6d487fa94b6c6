import type { OpenLedger } from '@consent-ledger/network/internal/embedded/open-ledger';
import { openLedger } from '@consent-ledger/network/internal/embedded/open-ledger';
import { sha256 } from '@consent-ledger/network/internal/wire-format/index';
import { expect } from 'chai';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import {
  ALL,
  CHAINCODE,
  CUSTODY,
  LAKESIDE,
  RIVERSIDE,
  SENTINEL,
  withLedger,
  type TestConsortium,
} from './support/consortium.js';
import type { CollectionSpec } from './support/read-write-sets.js';
import { commitTogether, transaction, type WriteSpec } from './support/sending.js';

const MEMBERS = [RIVERSIDE, SENTINEL];

type Sides = readonly [OpenLedger, TestConsortium, ...unknown[]];

const commit = async ([ledger, consortium]: Sides, content: CollectionSpec, spec: Partial<WriteSpec> = {}) =>
  await commitTogether(ledger, [
    transaction(ledger, consortium, {
      content: { collections: { [CUSTODY]: content } },
      by: MEMBERS,
      stagedAt: MEMBERS,
      ...spec,
    }),
  ]);

/** Who has a private value, and what everybody knows of it. */
function seen(ledger: OpenLedger, key: string): { values: Record<string, string>; hash: Buffer | undefined } {
  const snapshot = ledger.openSnapshot();
  const values = Object.fromEntries(
    ALL.flatMap((mspId) => {
      const value = snapshot.getPrivate(mspId, CHAINCODE, CUSTODY, key)?.value;
      return value === undefined ? [] : [[mspId, value.toString()]];
    }),
  );
  const hash = snapshot.getHashed(CHAINCODE, CUSTODY, sha256(key))?.valueHash;
  snapshot.release();
  return { values, hash };
}

describe('a private value', () => {
  it('is with the members of its collection and nobody else, its hash with everyone', () =>
    withLedger(async (...sides) => {
      expect(await commit(sides, { writes: { k: 'secret' } }, { stagedAt: ALL })).to.deep.equal([0]);
      const { values, hash } = seen(sides[0], 'k');
      expect(values).to.deep.equal({ [RIVERSIDE]: 'secret', [SENTINEL]: 'secret' });
      expect(hash).to.deep.equal(sha256('secret'));
    }));

  it('comes to every member when one of them has it, and is missing when only a non-member had it', () =>
    withLedger(async (...sides) => {
      await commit(sides, { writes: { one: 'a' } }, { stagedAt: [SENTINEL] });
      await commit(sides, { writes: { none: 'b' } }, { stagedAt: [LAKESIDE] });
      expect(seen(sides[0], 'one').values).to.deep.equal({ [RIVERSIDE]: 'a', [SENTINEL]: 'a' });
      const missing = seen(sides[0], 'none');
      expect(missing.values).to.deep.equal({});
      expect(missing.hash).to.deep.equal(sha256('b'));
    }));

  it('counts as missing when it does not match its hash', () =>
    withLedger(async (ledger, consortium) => {
      const built = transaction(ledger, consortium, {
        content: { collections: { [CUSTODY]: { writes: { k: 'real' } } } },
        by: MEMBERS,
        stagedAt: [],
      });
      const forged = transaction(ledger, consortium, {
        content: { collections: { [CUSTODY]: { writes: { k: 'forged' } } } },
        by: MEMBERS,
        stagedAt: [],
      });
      const { encodeRwset } = await import('./support/read-write-sets.js');
      const other = encodeRwset({ [CHAINCODE]: { collections: { [CUSTODY]: { writes: { k: 'forged' } } } } });
      ledger.stagePrivate(RIVERSIDE, built.txId, other.private ?? Buffer.alloc(0));
      expect(await commitTogether(ledger, [built])).to.deep.equal([0]);
      expect(seen(ledger, 'k').values).to.deep.equal({});
      expect(forged.txId).to.not.equal(built.txId);
    }));

  it('of an invalid transaction is kept for delivery and is not in the state', () =>
    withLedger(async (...sides) => {
      const [ledger] = sides;
      const number = ledger.height;
      expect(await commit(sides, { reads: { k: { block: 1, tx: 0 } }, writes: { k: 'v' } })).to.deep.equal([
        11,
      ]);
      expect(seen(ledger, 'k')).to.deep.equal({ values: {}, hash: undefined });
      const view = ledger.peerView(RIVERSIDE);
      expect(view.privateSets(number).map(({ collection }) => collection)).to.deep.equal([CUSTODY]);
      expect(ledger.peerView(LAKESIDE).privateSets(number)).to.deep.equal([]);
    }));

  it('is found in a range by those who hold it', () =>
    withLedger(async (...sides) => {
      const keys = Array.from({ length: 300 }, (_, index) => `k/${String(index).padStart(4, '0')}`);
      await commit(sides, { writes: Object.fromEntries(keys.map((key) => [key, 'v'])) });
      await commit(sides, { writes: { 'k/0007': null } });
      const snapshot = sides[0].openSnapshot();
      const range = (mspId: string, start: string, end: string): string[] =>
        Array.from(snapshot.privateRange(mspId, CHAINCODE, CUSTODY, start, end), ({ key }) => key);
      expect(range(RIVERSIDE, 'k/0005', 'k/0010')).to.deep.equal(['k/0005', 'k/0006', 'k/0008', 'k/0009']);
      expect(range(RIVERSIDE, '', '')).to.deep.equal(keys.filter((key) => key !== 'k/0007'));
      expect(range(LAKESIDE, '', '')).to.deep.equal([]);
      snapshot.release();
    }));
});

describe('purging a private key', () => {
  it('takes it out of everything that was kept, and the ledger still verifies', () =>
    withLedger(async (ledger, consortium, folder) => {
      const sides: Sides = [ledger, consortium];
      const first = ledger.height;
      await commit(sides, { writes: { gone: 'PURGED-VALUE-1', stays: 'KEPT' } });
      await commit(sides, { writes: { gone: 'PURGED-VALUE-2' } });
      const hashes = [first, first + 1].map((number) => ledger.block(number));
      expect(await commit(sides, { purges: ['gone'] })).to.deep.equal([0]);

      expect(seen(ledger, 'gone')).to.deep.equal({ values: {}, hash: undefined });
      expect(seen(ledger, 'stays').values[RIVERSIDE]).to.equal('KEPT');
      const kept = ledger.peerView(RIVERSIDE).privateSets(first);
      expect(kept).to.have.length(1);
      expect(kept[0]?.rwset.includes('KEPT')).to.equal(true);
      expect(kept[0]?.rwset.includes('gone')).to.equal(false);
      expect([first, first + 1].map((number) => ledger.block(number))).to.deep.equal(hashes);

      await ledger.close();
      for (const file of readdirSync(folder)) {
        expect(
          readFileSync(join(folder, file)).includes('PURGED-VALUE'),
          `${file} holds a purged value`,
        ).to.equal(false);
      }
      const again = await openLedger(consortium.options(folder));
      expect(seen(again, 'stays').values[SENTINEL]).to.equal('KEPT');
      await again.close();
    }));

  it('leaves what is written to the key later', () =>
    withLedger(async (ledger, consortium, folder) => {
      const sides: Sides = [ledger, consortium];
      await commit(sides, { writes: { k: 'old' } });
      await commit(sides, { purges: ['k'] });
      await commit(sides, { writes: { k: 'new' } });
      expect(seen(ledger, 'k').values).to.deep.equal({ [RIVERSIDE]: 'new', [SENTINEL]: 'new' });
      await ledger.close();
      const again = await openLedger(consortium.options(folder));
      expect(seen(again, 'k').values).to.deep.equal({ [RIVERSIDE]: 'new', [SENTINEL]: 'new' });
      await again.close();
    }));

  it('works in the block of the write itself', () =>
    withLedger(async (ledger, consortium) => {
      const spec = { by: MEMBERS, stagedAt: MEMBERS };
      const put = transaction(ledger, consortium, {
        content: { collections: { [CUSTODY]: { writes: { k: 'v' } } } },
        ...spec,
      });
      const purge = transaction(ledger, consortium, {
        content: { collections: { [CUSTODY]: { purges: ['k'] } } },
        ...spec,
      });
      const number = ledger.height;
      expect(await commitTogether(ledger, [put, purge])).to.deep.equal([0, 0]);
      expect(seen(ledger, 'k')).to.deep.equal({ values: {}, hash: undefined });
      const [first] = ledger.peerView(RIVERSIDE).privateSets(number);
      expect(first?.rwset).to.have.length(0);
    }));
});
