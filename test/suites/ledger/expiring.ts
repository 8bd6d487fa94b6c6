import { expect } from 'chai';
import type { Bench } from '../../support/ledger/bench.js';
import type { Committed } from '../../support/ledger/probe-client.js';
import { deliveredWrites, own } from '../../support/ledger/private-delivery.js';
import type { Behaviour } from '../../support/ledger/rows.js';
import { COLLECTIONS } from '../../support/ledger/target.js';

const { brief } = COLLECTIONS;
/** The collection's blockToLive is 2: what block b wrote is gone with block b + 3. */
const GONE_AFTER = 3;
const MVCC_READ_CONFLICT = 11;

/** Private data that lives for some blocks. */
export const expiring: Behaviour = (row) => {
  row('', 'keeps a value for exactly its blocks to live, and its hash as long', async (bench) => {
    const key = bench.key();
    const { block } = await write(bench, key, 'brief');
    for (let height = block; height < block + GONE_AFTER;) {
      for (const organisation of [bench.a, bench.b]) {
        const client = bench.client(organisation);
        expect(await client.ask({ op: 'get', key, collection: brief }, own(organisation))).to.equal('brief');
      }
      height = await nextBlock(bench);
    }
    expect(await bench.client().ask({ op: 'get', key, collection: brief }, own(bench.a))).to.equal('');
    for (const organisation of [bench.a, bench.c]) {
      const client = bench.client(organisation);
      expect(await client.ask({ op: 'hash', key, collection: brief }, own(organisation))).to.equal('');
    }
  });

  row(
    '',
    'delivers it no longer when its time is over, nor what an invalid transaction wrote',
    async (bench) => {
      const { a } = bench;
      const key = bench.key();
      const stale = await bench
        .client()
        .endorse([{ op: 'get', key, collection: brief }, put(key, 'stale')], own(a));
      const written = await write(bench, key, 'brief');
      const invalid = await bench.client().commit(stale);
      expect(invalid.code).to.equal(MVCC_READ_CONFLICT);
      for (const each of [written, invalid]) {
        const delivered = await deliveredWrites(bench, a, a.client, each);
        expect(delivered?.[brief]).to.have.length(1);
      }
      for (let height = invalid.block; height < invalid.block + GONE_AFTER;) height = await nextBlock(bench);
      for (const each of [written, invalid]) {
        expect((await deliveredWrites(bench, a, a.client, each)) ?? {}).to.deep.equal({});
      }
    },
  );

  row('', 'counts anew when the value is written again', async (bench) => {
    const key = bench.key();
    await write(bench, key, 'first');
    const again = await write(bench, key, 'again');
    for (let height = again.block; height < again.block + GONE_AFTER - 1;) height = await nextBlock(bench);
    expect(await bench.client().ask({ op: 'get', key, collection: brief }, own(bench.a))).to.equal('again');
    await nextBlock(bench);
    expect(await bench.client().ask({ op: 'get', key, collection: brief }, own(bench.a))).to.equal('');
  });

  row('', 'lets a transaction of the very block that ends it rest on it, and none after', async (bench) => {
    const key = bench.key();
    const { block } = await write(bench, key, 'brief');
    const reading = [{ op: 'get', key, collection: brief }, put(bench.key(), 'v')] as const;
    const [last, late] = [
      await bench.client().endorse(reading, own(bench.a)),
      await bench.client().endorse(reading, own(bench.a)),
    ];
    for (let height = block; height < block + GONE_AFTER - 1;) height = await nextBlock(bench);
    const inTime = await bench.client().commit(last);
    expect(inTime.block).to.equal(block + GONE_AFTER);
    expect(inTime.code).to.equal(0);
    expect((await bench.client().commit(late)).code).to.equal(MVCC_READ_CONFLICT);
  });
};

function put(key: string, value: string): { op: 'put'; key: string; value: string; collection: string } {
  return { op: 'put', key, value, collection: brief };
}

function write(bench: Bench, key: string, value: string): Promise<Committed> {
  return bench.client().write([put(key, value)], own(bench.a));
}

async function nextBlock(bench: Bench): Promise<number> {
  return (await bench.client().write([{ op: 'put', key: bench.key(), value: 'v' }])).block;
}
