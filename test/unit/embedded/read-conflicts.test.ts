import type { OpenLedger } from '@consent-ledger/network/internal/embedded/open-ledger';
import type { Version } from '@consent-ledger/network/internal/embedded/ports';
import { RangeReads } from '@consent-ledger/network/internal/embedded/simulator/range-query-info';
import { sha256 } from '@consent-ledger/network/internal/wire-format/index';
import { expect } from 'chai';
import {
  CHAINCODE,
  CUSTODY,
  RIVERSIDE,
  SENTINEL,
  withLedger,
  type TestConsortium,
} from './support/consortium.js';
import { encodeRwset, type NamespaceSpec, type RangeSpec } from './support/read-write-sets.js';
import { commitTogether, transaction } from './support/sending.js';

const VALID = 0;
const MVCC = 11;
const PHANTOM = 12;

type Sides = readonly [OpenLedger, TestConsortium, ...unknown[]];

const write = async ([ledger, consortium]: Sides, ...contents: readonly NamespaceSpec[]): Promise<number[]> =>
  await commitTogether(
    ledger,
    contents.map((content) => transaction(ledger, consortium, { content })),
  );

function versionOf(ledger: OpenLedger, key: string): Version {
  const snapshot = ledger.openSnapshot();
  const version = snapshot.getState(CHAINCODE, key)?.version;
  snapshot.release();
  if (version === undefined) throw new Error(`${key} is absent`);
  return version;
}

const custody = (content: NonNullable<NamespaceSpec['collections']>[string]): NamespaceSpec => ({
  collections: { [CUSTODY]: content },
});

describe('what a transaction read', () => {
  it('must still be there at the version that it saw', () =>
    withLedger(async (...sides) => {
      await write(sides, { writes: { a: '1' } });
      const seen = versionOf(sides[0], 'a');
      expect(await write(sides, { reads: { a: seen }, writes: { a: '2' } })).to.deep.equal([VALID]);
      expect(await write(sides, { reads: { a: seen } })).to.deep.equal([MVCC]);
      expect(await write(sides, { reads: { a: null } })).to.deep.equal([MVCC]);
      expect(await write(sides, { reads: { absent: null } })).to.deep.equal([VALID]);
      expect(await write(sides, { reads: { absent: { block: 0, tx: 0 } } })).to.deep.equal([MVCC]);
    }));

  it('must not be touched by an earlier valid transaction of the block, but may by an invalid one', () =>
    withLedger(async (...sides) => {
      await write(sides, { writes: { a: '1', b: '1' } });
      const a = versionOf(sides[0], 'a');
      expect(
        await write(
          sides,
          { reads: { a: { block: 0, tx: 0 } }, writes: { a: 'never' } },
          { reads: { a }, writes: { a: '2' } },
          { reads: { a }, writes: { a: '3' } },
        ),
      ).to.deep.equal([MVCC, VALID, MVCC]);
      expect(await write(sides, { writes: { b: null } }, { reads: { b: null } })).to.deep.equal([
        VALID,
        MVCC,
      ]);
    }));

  it('does not matter to blind writes: the later one wins', () =>
    withLedger(async (...sides) => {
      const number = sides[0].height;
      expect(await write(sides, { writes: { a: 'first' } }, { writes: { a: 'second' } })).to.deep.equal([
        0, 0,
      ]);
      const snapshot = sides[0].openSnapshot();
      const state = snapshot.getState(CHAINCODE, 'a');
      snapshot.release();
      expect(state?.value.toString()).to.equal('second');
      expect(state?.version).to.deep.equal({ block: number, tx: 1 });
    }));

  it('is compared by hash in collections, absence too', () =>
    withLedger(async (ledger, consortium) => {
      const send = async (...contents: readonly NamespaceSpec[]): Promise<number[]> =>
        await commitTogether(
          ledger,
          contents.map((content) =>
            transaction(ledger, consortium, {
              content,
              by: [RIVERSIDE, SENTINEL],
              stagedAt: [RIVERSIDE, SENTINEL],
            }),
          ),
        );
      const first = custody({ reads: { k: null }, writes: { k: 'v' } });
      const number = ledger.height;
      expect(await send(first, first)).to.deep.equal([VALID, MVCC]);
      const seen = { block: number, tx: 0 };
      expect(await send(custody({ reads: { k: seen }, writes: { k: null } }))).to.deep.equal([VALID]);
      expect(await send(custody({ reads: { k: seen }, writes: { l: 'v' } }))).to.deep.equal([MVCC]);
      expect(await send(custody({ reads: { k: null }, writes: { l: 'v' } }))).to.deep.equal([VALID]);
    }));

  it('is a chaincode definition as well: an upgrade in between invalidates', () =>
    withLedger(async (ledger, consortium) => {
      const snapshot = ledger.openSnapshot();
      const key = `namespaces/fields/${CHAINCODE}/Sequence`;
      const version = snapshot.getState('_lifecycle', key)?.version;
      snapshot.release();
      expect(version).to.not.equal(undefined);
      const stale = { block: (version?.block ?? 0) - 1, tx: 0 };
      const codes = await commitTogether(
        ledger,
        [version ?? null, stale].map((read) =>
          transaction(ledger, consortium, {
            content: {},
            results: encodeRwset({
              _lifecycle: { reads: { [key]: read } },
              [CHAINCODE]: { writes: { k: 'v' } },
            }).public,
          }),
        ),
      );
      expect(codes).to.deep.equal([VALID, MVCC]);
    }));
});

describe('a range that a transaction scanned', () => {
  const three = { writes: { 'r/1': 'x', 'r/3': 'x', 's/1': 'x' } };
  const scan = (spec: Partial<RangeSpec>): NamespaceSpec => ({
    ranges: [{ start: 'r/', end: 'r0', exhausted: true, ...spec }],
    writes: { result: 'x' },
  });

  it('must hold the same keys at the same versions', () =>
    withLedger(async (...sides) => {
      await write(sides, three);
      const [v1, v3] = [versionOf(sides[0], 'r/1'), versionOf(sides[0], 'r/3')];
      const both: RangeSpec['reads'] = [
        ['r/1', v1],
        ['r/3', v3],
      ];
      expect(await write(sides, scan({ reads: both }))).to.deep.equal([VALID]);
      expect(await write(sides, scan({ reads: [['r/1', v1]] }))).to.deep.equal([PHANTOM]);
      expect(await write(sides, scan({}))).to.deep.equal([PHANTOM]);
      expect(await write(sides, { writes: { 'r/2': 'new' } }, scan({ reads: both }))).to.deep.equal([
        0,
        PHANTOM,
      ]);
      await write(sides, { writes: { 'r/2': null } });
      expect(await write(sides, { writes: { 'r/1': null } }, scan({ reads: both }))).to.deep.equal([
        0,
        PHANTOM,
      ]);
      expect(await write(sides, scan({ reads: [['r/3', v3]] }))).to.deep.equal([VALID]);
      expect(await write(sides, { writes: { 'r/3': 'y' } })).to.deep.equal([VALID]);
      expect(await write(sides, scan({ reads: [['r/3', v3]] }))).to.deep.equal([PHANTOM]);
    }));

  it('includes its last key when the chaincode stopped there', () =>
    withLedger(async (...sides) => {
      await write(sides, three);
      const [v1, v3] = [versionOf(sides[0], 'r/1'), versionOf(sides[0], 'r/3')];
      const stopped = scan({
        end: 'r/3',
        exhausted: false,
        reads: [
          ['r/1', v1],
          ['r/3', v3],
        ],
      });
      expect(await write(sides, stopped)).to.deep.equal([VALID]);
      // What lies behind the point where it stopped does not concern it.
      expect(await write(sides, { writes: { 'r/4': 'x' } }, stopped)).to.deep.equal([VALID, VALID]);
      expect(await write(sides, { writes: { 'r/3': 'changed' } }, stopped)).to.deep.equal([VALID, PHANTOM]);
    }));

  it('must be empty when it was, and an empty end is the end of the namespace', () =>
    withLedger(async (...sides) => {
      const empty = scan({ start: 't/', end: '' });
      expect(await write(sides, empty)).to.deep.equal([VALID]);
      expect(await write(sides, { writes: { zz: 'x' } }, empty)).to.deep.equal([VALID, PHANTOM]);
    }));

  it('is compared through its Merkle summary when it was long', () =>
    withLedger(async (...sides) => {
      const keys = Array.from({ length: 120 }, (_, index) => `m/${String(index).padStart(3, '0')}`);
      await write(sides, { writes: Object.fromEntries(keys.map((key) => [key, 'x'])) });
      const summary = (): RangeSpec['merkle'] => {
        const reads = new RangeReads();
        for (const key of keys) reads.add({ key, version: versionOf(sides[0], key) });
        const result = reads.result();
        if (result === undefined || !('hashes' in result)) throw new Error('no summary');
        return { maxDegree: 50, maxLevel: result.maxLevel, hashes: result.hashes };
      };
      const before = summary();
      expect(before?.maxLevel).to.equal(1);
      expect(before?.hashes).to.have.length(3);
      const long = (merkle: RangeSpec['merkle']): NamespaceSpec =>
        scan({ start: 'm/', end: 'm0', ...(merkle === undefined ? {} : { merkle }) });
      expect(await write(sides, long(before))).to.deep.equal([VALID]);
      await write(sides, { writes: { 'm/060': 'y' } });
      expect(await write(sides, long(before))).to.deep.equal([PHANTOM]);
      expect(await write(sides, long(summary()))).to.deep.equal([VALID]);
      const after = summary();
      const altered = after && { ...after, hashes: [...after.hashes.slice(1), sha256('x')] };
      expect(await write(sides, long(altered))).to.deep.equal([PHANTOM]);
      expect(await write(sides, long(after && { ...after, maxDegree: 1 }))).to.deep.equal([PHANTOM]);
    }));

  it('is ordered by bytes: U+FFFD comes before an emoji', () =>
    withLedger(async (...sides) => {
      const keys = ['u\uFFFD', 'u😀'];
      await write(sides, { writes: Object.fromEntries(keys.toReversed().map((key) => [key, 'x'])) });
      const reads: RangeSpec['reads'] = keys.map((key) => [key, versionOf(sides[0], key)]);
      expect(await write(sides, scan({ start: 'u', end: 'v', reads }))).to.deep.equal([VALID]);
      const snapshot = sides[0].openSnapshot();
      expect(Array.from(snapshot.range(CHAINCODE, 'u', 'v'), ({ key }) => key)).to.deep.equal(keys);
      snapshot.release();
    }));
});
