import { expect } from 'chai';
import { namespaceOf } from '../../support/ledger/block-view.js';
import type { Bench } from '../../support/ledger/bench.js';
import type { Committed } from '../../support/ledger/probe-client.js';
import type { Behaviour } from '../../support/ledger/rows.js';

/** Public state: what a transaction sees, what it records, and which of two conflicting ones stands. */
export const state: Behaviour = (row) => {
  row('19', 'reads what was before the transaction, not what it wrote itself', async (bench) => {
    const key = bench.key();
    const first = await bench.client().write([{ op: 'put', key, value: 'old' }]);
    const committed = await bench.client().write([
      { op: 'put', key, value: 'new' },
      { op: 'get', key },
    ]);
    expect(committed.results[1]).to.equal('old');

    const { public: recorded } = namespaceOf(await bench.transaction(committed), bench.ledger.chaincode);
    const [read] = recorded.getReadsList();
    const { index } = await bench.transaction(first);
    expect(read?.getKey()).to.equal(key);
    expect([read?.getVersion()?.getBlockNum(), read?.getVersion()?.getTxNum()]).to.deep.equal([
      first.block,
      index,
    ]);
    expect(recorded.getWritesList().map((write) => write.getKey())).to.deep.equal([key]);
  });

  row('', 'records an absent key as read, without a version', async (bench) => {
    const key = bench.key();
    const committed = await bench.client().write([{ op: 'get', key }]);
    const [read] = namespaceOf(
      await bench.transaction(committed),
      bench.ledger.chaincode,
    ).public.getReadsList();
    expect(read?.getKey()).to.equal(key);
    expect(read?.hasVersion()).to.equal(false);
  });

  row('', 'records reads once and writes once, the last one, both sorted by key', async (bench) => {
    const prefix = bench.key();
    const keys = [`${prefix}-b`, `${prefix}-a`, `${prefix}-c`];
    const committed = await bench
      .client()
      .write([
        ...keys.map((key) => ({ op: 'get', key }) as const),
        ...keys.map((key) => ({ op: 'get', key }) as const),
        ...keys.map((key) => ({ op: 'put', key, value: 'first' }) as const),
        ...keys.map((key) => ({ op: 'put', key, value: 'last' }) as const),
      ]);
    const { public: recorded } = namespaceOf(await bench.transaction(committed), bench.ledger.chaincode);
    expect(recorded.getReadsList().map((read) => read.getKey())).to.deep.equal([...keys].sort());
    expect(recorded.getWritesList().map((write) => write.getKey())).to.deep.equal([...keys].sort());
    expect(await bench.client().ask({ op: 'get', key: keys[0] ?? '' })).to.equal('last');
  });

  row('', 'reads the definition of the chaincode, so that an upgrade is noticed', async (bench) => {
    const committed = await bench.client().write([{ op: 'get', key: bench.key() }]);
    const { public: recorded } = namespaceOf(await bench.transaction(committed), '_lifecycle');
    expect(recorded.getReadsList().map((read) => read.getKey())).to.deep.equal([
      `namespaces/fields/${bench.ledger.chaincode}/Sequence`,
    ]);
  });

  row('20', 'takes an empty value as a deletion', async (bench) => {
    const key = bench.key();
    await bench.client().write([{ op: 'put', key, value: 'v' }]);
    const committed = await bench.client().write([{ op: 'put', key, value: '' }]);
    expect(await bench.client().ask({ op: 'get', key })).to.equal('');
    const [write] = namespaceOf(
      await bench.transaction(committed),
      bench.ledger.chaincode,
    ).public.getWritesList();
    expect(write?.getIsDelete()).to.equal(true);
  });

  row('', 'records the deletion of a key that does not exist', async (bench) => {
    const committed = await bench.client().write([{ op: 'delete', key: bench.key() }]);
    const [write] = namespaceOf(
      await bench.transaction(committed),
      bench.ledger.chaincode,
    ).public.getWritesList();
    expect(write?.getIsDelete()).to.equal(true);
  });

  row('21', 'lets one of two concurrent changes of a key stand, whoever made them', async (bench) => {
    const key = bench.key();
    await bench.client().write([{ op: 'put', key, value: '0' }]);
    const change = [
      { op: 'get', key },
      { op: 'put', key, value: '1' },
    ] as const;
    const endorsed = await Promise.all([
      bench.client().endorse(change),
      bench.client(bench.b).endorse(change),
    ]);
    const [one, other] = endorsed;
    const committed = await Promise.all([bench.client().commit(one), bench.client(bench.b).commit(other)]);
    expect(committed.map(({ code }) => code).sort((x, y) => x - y)).to.deep.equal([0, 11]);
  });

  row('21', 'lets a later change stand only when it read the earlier one', async (bench) => {
    const key = bench.key();
    const stale = await bench.client().endorse([
      { op: 'get', key },
      { op: 'put', key, value: 'stale' },
    ]);
    await bench.client().write([{ op: 'put', key, value: 'fresh' }]);
    expect((await bench.client().commit(stale)).code).to.equal(11);
    expect(await bench.client().ask({ op: 'get', key })).to.equal('fresh');
  });

  row('22', 'lets both of two blind writes in one block stand, the later one wins', async (bench) => {
    const [key, committed] = await twoInOneBlock(bench);
    expect(committed.map(({ code }) => code)).to.deep.equal([0, 0]);
    const views = await Promise.all(committed.map((each) => bench.transaction(each)));
    const later = views.reduce((last, view) => (view.index > last.index ? view : last));
    const index = views.indexOf(later);
    expect(await bench.client().ask({ op: 'get', key })).to.equal(`value ${index}`);

    const reading = await bench.client().write([{ op: 'get', key }]);
    const [read] = namespaceOf(
      await bench.transaction(reading),
      bench.ledger.chaincode,
    ).public.getReadsList();
    expect(read?.getVersion()?.getTxNum()).to.equal(later.index);
  });

  row('', 'answers operations that the chaincode asks for all at once', async (bench) => {
    const keys = Array.from({ length: 20 }, (_, i) => bench.key(`together${i}`));
    const results = await bench.client().evaluate([
      { op: 'together', operations: keys.map((key) => ({ op: 'put', key, value: 'v' }) as const) },
      { op: 'together', operations: keys.map((key) => ({ op: 'get', key }) as const) },
    ]);
    expect(results[1]).to.deep.equal(keys.map(() => ''));
  });

  row('', 'keeps keys and values of every alphabet, and values of a megabyte', async (bench) => {
    const key = bench.key('ключ-鍵-😀-é');
    await bench.client().write([{ op: 'put', key, value: 'wert-值-😀' }]);
    expect(await bench.client(bench.b).ask({ op: 'get', key })).to.equal('wert-值-😀');
    await bench.client().write([{ op: 'put', key, value: 'x', fill: 1_048_576 }]);
    expect(await bench.client().ask({ op: 'get', key })).to.have.length(1_048_576);
  });

  row('54', 'has no rich queries', async ({ client }) => {
    const result = await client().ask({
      op: 'attempt',
      operation: { op: 'query', query: '{"selector":{}}' },
    });
    expect((result as { error: string }).error).to.contain('GET_QUERY_RESULT failed');
  });

  row(
    '55',
    'gives the history of a key, newest first, of valid transactions only',
    async (bench) => {
      const key = bench.key();
      const client = bench.client();
      const stale = await client.endorse([
        { op: 'get', key },
        { op: 'put', key, value: 'invalid' },
      ]);
      const first = await client.write([{ op: 'put', key, value: 'first' }]);
      expect((await client.commit(stale)).code).to.equal(11);
      const gone = await client.write([{ op: 'delete', key }]);
      const second = await client.write([{ op: 'put', key, value: 'second' }]);
      const [, history] = await client.evaluate([
        { op: 'put', key, value: 'own write' },
        { op: 'history', key },
      ]);
      expect((history as { txId: string; value: string; isDelete: boolean }[]).map(shown)).to.deep.equal([
        [second.txId, 'second', false],
        [gone.txId, '', true],
        [first.txId, 'first', false],
      ]);
    },
    { needs: ['history'] },
  );
};

function shown(entry: { txId: string; value: string; isDelete: boolean }): [string, string, boolean] {
  return [entry.txId, entry.value, entry.isDelete];
}

/** Tries until the orderer has put two blind writes of a key into one block. */
async function twoInOneBlock(bench: Bench): Promise<[string, Committed[]]> {
  for (let attempt = 0; attempt < 20; attempt++) {
    const key = bench.key();
    const endorsed = await Promise.all(
      [0, 1].map((i) => bench.client().endorse([{ op: 'put', key, value: `value ${i}` }])),
    );
    const committed = await Promise.all(endorsed.map((each) => bench.client().commit(each)));
    if (committed[0]?.block === committed[1]?.block) {
      return [key, committed];
    }
  }
  throw new Error('two transactions never came into one block');
}
