import { createHash } from 'node:crypto';
import { ledger } from '@hyperledger/fabric-protos';
import { expect } from 'chai';
import { namespaceOf } from '../../support/ledger/block-view.js';
import type { Bench } from '../../support/ledger/bench.js';
import type { Committed } from '../../support/ledger/probe-client.js';
import type { Behaviour } from '../../support/ledger/rows.js';

const { QueryReads } = ledger.rwset.kvrwset;
type RangeQueryInfo = InstanceType<typeof ledger.rwset.kvrwset.RangeQueryInfo>;
interface Page {
  readonly entries: readonly [string, string][];
  readonly bookmark: string;
  readonly count: number;
}

const needs = ['range-queries'] as const;
const needsPages = ['range-queries', 'pagination'] as const;

/** Scans of public keys: their order, what they record, and when a change inside them makes a transaction invalid. */
export const ranges: Behaviour = (row) => {
  row(
    '23',
    'notices a key that appears in a range which was empty',
    async (bench) => {
      const prefix = bench.key();
      const scan = await bench.client().endorse([
        { op: 'range', start: prefix, end: `${prefix}~` },
        { op: 'put', key: bench.key(), value: 'v' },
      ]);
      await bench.client().write([{ op: 'put', key: `${prefix}-phantom`, value: 'v' }]);
      expect((await bench.client().commit(scan)).code).to.equal(12);
    },
    { needs },
  );

  for (const { changed, code } of [
    { changed: '060', code: 12 },
    { changed: '140', code: 0 },
  ]) {
    row(
      '24',
      `judges a scan of 150 keys that stopped after one: a change of key ${changed} gives code ${code}`,
      async (bench) => {
        const prefix = await manyKeys(bench, 150);
        const scan = await bench.client().endorse([
          { op: 'range', start: prefix, end: `${prefix}~`, limit: 1 },
          { op: 'put', key: bench.key(), value: 'v' },
        ]);
        await bench.client().write([{ op: 'put', key: `${prefix}${changed}`, value: 'changed' }]);
        const committed = await bench.client().commit(scan);
        expect(committed.code).to.equal(code);

        const info = await recordedRange(bench, committed);
        expect(info.getEndKey(), 'the last key that the peer fetched').to.equal(`${prefix}100`);
        expect(info.getItrExhausted()).to.equal(false);
        expect(info.getReadsMerkleHashes()?.getMaxLevel()).to.equal(1);
        expect(info.getReadsMerkleHashes()?.getMaxLevelHashesList()).to.have.length(2);
      },
      { needs },
    );
  }

  for (const { keys, hashes } of [
    { keys: 50, hashes: 0 },
    { keys: 51, hashes: 1 },
    { keys: 100, hashes: 2 },
    { keys: 101, hashes: 2 },
  ]) {
    row(
      '25',
      `records a scan of ${keys} keys ${hashes === 0 ? 'one by one' : `as ${hashes} hashes`}`,
      async (bench) => {
        const prefix = await manyKeys(bench, keys);
        const committed = await bench.client().write([{ op: 'range', start: prefix, end: `${prefix}~` }]);
        expect(committed.results[0]).to.have.length(keys);
        const info = await recordedRange(bench, committed);
        expect(info.getItrExhausted()).to.equal(true);
        expect(info.getEndKey()).to.equal(`${prefix}~`);
        expect(info.getRawReads()?.getKvReadsList() ?? []).to.have.length(hashes === 0 ? keys : 0);
        expect(info.getReadsMerkleHashes()?.getMaxLevelHashesList() ?? []).to.have.length(hashes);
        if (hashes > 0) {
          expect(info.getReadsMerkleHashes()?.getMaxDegree()).to.equal(50);
          const [first] = info.getReadsMerkleHashes()?.getMaxLevelHashesList_asU8() ?? [];
          expect(Buffer.from(first ?? []).toString('hex')).to.equal(await firstLeaf(bench, prefix));
        }
      },
      { needs },
    );
  }

  row(
    '26',
    'keeps pages and writes apart, whichever comes first',
    async (bench) => {
      const prefix = await manyKeys(bench, 5);
      const page = { op: 'page', start: prefix, end: `${prefix}~`, size: 3 } as const;
      const put = { op: 'put', key: bench.key(), value: 'v' } as const;
      const [, refusedPut] = await bench.client().evaluate([page, { op: 'attempt', operation: put }]);
      expect(refusedPut).to.have.property('error').that.contains('PUT_STATE failed');
      const [, refusedPage] = await bench.client().evaluate([put, { op: 'attempt', operation: page }]);
      expect(refusedPage).to.have.property('error').that.contains('GET_STATE_BY_RANGE failed');
    },
    { needs: needsPages },
  );

  for (const { keys, exhausted } of [
    { keys: 5, exhausted: false },
    { keys: 4, exhausted: true },
  ]) {
    row(
      '27',
      `commits a page of five over ${keys} keys, ${exhausted ? '' : 'not '}exhausted`,
      async (bench) => {
        const prefix = await manyKeys(bench, keys);
        const committed = await bench
          .client()
          .write([{ op: 'page', start: prefix, end: `${prefix}~`, size: 5 }]);
        const [page] = committed.results as [Page];
        expect(page.count).to.equal(keys);
        expect(page.bookmark).to.equal('');
        expect((await recordedRange(bench, committed)).getItrExhausted()).to.equal(exhausted);
      },
      { needs: needsPages },
    );
  }

  row(
    '',
    'goes from page to page by bookmarks',
    async (bench) => {
      const prefix = await manyKeys(bench, 7);
      const seen: string[] = [];
      let bookmark = '';
      do {
        const page = (await bench
          .client()
          .ask({ op: 'page', start: prefix, end: `${prefix}~`, size: 3, bookmark })) as Page;
        seen.push(...page.entries.map(([key]) => key.slice(prefix.length)));
        bookmark = page.bookmark;
      } while (bookmark !== '');
      expect(seen).to.deep.equal(['000', '001', '002', '003', '004', '005', '006']);
    },
    { needs: needsPages },
  );

  row(
    '28',
    'keeps private scans and writes apart, whichever comes first, and records nothing of a scan alone',
    async (bench) => {
      const scan = { op: 'range', start: 'a', end: 'b', collection: 'open' } as const;
      const put = { op: 'put', key: bench.key(), value: 'v' } as const;
      const [, refusedPut] = await bench.client().evaluate([scan, { op: 'attempt', operation: put }]);
      expect(refusedPut).to.have.property('error').that.contains('PUT_STATE failed');
      const [, refusedScan] = await bench.client().evaluate([put, { op: 'attempt', operation: scan }]);
      expect(refusedScan).to.have.property('error');

      const committed = await bench
        .client()
        .write([scan], { organisations: bench.mspIds(bench.a, bench.b, bench.c) });
      const { namespaces } = (await bench.transaction(committed)).endorsed;
      const own = namespaces.find(({ namespace }) => namespace === bench.ledger.chaincode);
      expect(own?.collections ?? []).to.deep.equal([]);
      expect(own?.public.getRangeQueriesInfoList() ?? []).to.deep.equal([]);
    },
    { needs },
  );

  row(
    '29',
    'orders keys by their bytes in UTF-8, not by UTF-16',
    async (bench) => {
      const prefix = bench.key();
      const keys = [`${prefix}a\u{1F600}`, `${prefix}a\uFFFD`, `${prefix}aZ`];
      await bench.client().write(keys.map((key) => ({ op: 'put', key, value: 'v' }) as const));
      const found = (await bench.client().ask({ op: 'range', start: prefix, end: `${prefix}b` })) as [
        string,
      ][];
      expect(found.map(([key]) => key)).to.deep.equal([
        `${prefix}aZ`,
        `${prefix}a\uFFFD`,
        `${prefix}a\u{1F600}`,
      ]);
    },
    { needs },
  );

  row(
    '30',
    'leaves composite keys out of a scan of everything, and finds them by their parts',
    async (bench) => {
      const type = bench.key('type');
      await bench.client().write([
        { op: 'putComposite', type, attributes: ['x', 'one'], value: '1' },
        { op: 'putComposite', type, attributes: ['x', 'two'], value: '2' },
        { op: 'putComposite', type, attributes: ['y', 'three'], value: '3' },
      ]);
      const all = (await bench.client().ask({ op: 'range', start: '', end: '' })) as [string][];
      expect(all.some(([key]) => key.includes(type))).to.equal(false);
      const found = (await bench.client().ask({ op: 'partialComposite', type, attributes: ['x'] })) as [
        string,
        string,
      ][];
      expect(found.map(([, value]) => value)).to.deep.equal(['1', '2']);
    },
    { needs },
  );
};

async function manyKeys(bench: Bench, count: number): Promise<string> {
  const prefix = `${bench.key('scan')}-`;
  await bench.client().write([{ op: 'putMany', prefix, count }]);
  return prefix;
}

async function recordedRange(bench: Bench, committed: Committed): Promise<RangeQueryInfo> {
  const { public: recorded } = namespaceOf(await bench.transaction(committed), bench.ledger.chaincode);
  const [info] = recorded.getRangeQueriesInfoList();
  if (info === undefined) {
    throw new Error('the transaction recorded no range');
  }
  return info;
}

/** Hash of the first 51 reads, each with its version, as a single scan of them all records it. */
async function firstLeaf(bench: Bench, prefix: string): Promise<string> {
  const keys = Array.from({ length: 51 }, (_, i) => `${prefix}${String(i).padStart(3, '0')}`);
  const committed = await bench.client().write(keys.map((key) => ({ op: 'get', key }) as const));
  const reads = new QueryReads();
  reads.setKvReadsList(
    namespaceOf(await bench.transaction(committed), bench.ledger.chaincode).public.getReadsList(),
  );
  return createHash('sha256').update(reads.serializeBinary()).digest('hex');
}
