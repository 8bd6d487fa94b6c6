import { expect } from 'chai';
import { namespaceOf } from '../../support/ledger/block-view.js';
import type { Bench } from '../../support/ledger/bench.js';
import { allText, failureOf } from '../../support/ledger/call-failure.js';
import type { ProbeOperation } from '../../support/ledger/probe-chaincode/operations.js';
import type { BatchRecord } from '../../support/ledger/probe-chaincode/state-messages.js';
import type { Committed, ProbeOptions } from '../../support/ledger/probe-client.js';
import { own } from '../../support/ledger/private-delivery.js';
import type { Behaviour } from '../../support/ledger/rows.js';
import { COLLECTIONS } from '../../support/ledger/target.js';

const { open, closed, both, fetched } = COLLECTIONS;

/** Fabric 3.1's messages for several keys at once, GET_STATE_MULTIPLE and WRITE_BATCH_STATE. */
export const manyKeys: Behaviour = (row) => {
  row('', 'reads many keys in one message as it does one by one', async (bench) => {
    const prefix = bench.key();
    const keys = ['b', 'absent', 'a', 'b', 'c'].map((key) => `${prefix}-${key}`);
    await bench.client().write(['a', 'b', 'c'].map((key) => put(`${prefix}-${key}`, key)));

    const together = await bench.client().write([{ op: 'getMany', keys }]);
    expect(together.results).to.deep.equal([['b', '', 'a', 'b', 'c']]);
    const single = await bench.client().write(keys.map((key) => ({ op: 'get', key }) as const));
    expect(await recorded(bench, together)).to.deep.equal(await recorded(bench, single));
  });

  row('', 'reads what was before the transaction, in a message for many keys too', async (bench) => {
    const key = bench.key();
    await bench.client().write([put(key, 'old')]);
    const written = { op: 'writeBatch', records: [{ type: 'put', key, value: 'new' }] } as const;
    const { results } = await bench.client().write([written, { op: 'getMany', keys: [key] }]);
    expect(results[1]).to.deep.equal(['old']);
  });

  row('', 'reads no keys at all, and more than it offers to', async (bench) => {
    const keys = Array.from({ length: 1_200 }, (_, index) => `absent-${index}`);
    const answers = await bench.client().evaluate([
      { op: 'getMany', keys: [] },
      { op: 'getMany', keys },
    ]);
    expect(answers).to.deep.equal([[], keys.map(() => '')]);
  });

  row('', 'reads many private keys in one message as it does one by one, as a member', async (bench) => {
    const { a, b } = bench;
    const prefix = bench.key();
    const keys = ['b', 'absent', 'a'].map((key) => `${prefix}-${key}`);
    const organisations = bench.mspIds(a, b, bench.d);
    const writes = ['a', 'b'].map((key) => ({ ...put(`${prefix}-${key}`, key), collection: open }));
    await bench.client().write(writes, { organisations });

    const endorsers = { organisations: bench.mspIds(a, b) };
    const write = { ...put(bench.key(), 'v'), collection: both };
    const together = await bench
      .client()
      .write([{ op: 'getMany', keys, collection: open }, write], endorsers);
    expect(together.results[0]).to.deep.equal(['b', '', 'a']);
    const single = await bench
      .client()
      .write([...keys.map((key) => ({ op: 'get', key, collection: open }) as const), write], endorsers);
    expect(await recorded(bench, together)).to.deep.equal(await recorded(bench, single));
  });

  row(
    '',
    "takes a non-member's many private keys for absent ones, for the ledger to find out",
    async (bench) => {
      const { a, b, c, d } = bench;
      const key = bench.key();
      await bench
        .client()
        .write([{ ...put(key, 'secret'), collection: open }], { organisations: bench.mspIds(a, b, d) });
      const alone = await failureOf(bench.client(c).ask({ op: 'get', key, collection: open }, own(c)));
      expect(allText(alone)).to.contain('private data matching public hash version is not available');

      const operations = [
        { op: 'getMany', keys: [key], collection: open },
        { ...put(bench.key(), 'v'), collection: fetched },
      ] as const;
      const committed = await bench.client(c).submit(operations, own(c));
      expect(committed.results[0]).to.deep.equal(['']);
      expect(committed.code, 'a read of what is there, as if it were not').to.equal(11);
    },
  );

  row('', 'asks of a reader of many private keys what it asks of a reader of one', async (bench) => {
    const { a, c, client } = bench;
    const many = (collection: string): ProbeOperation => ({ op: 'getMany', keys: ['k'], collection });
    const refused = await failureOf(client(a, c.client).ask(many(closed), own(a)));
    expect(allText(refused)).to.contain('GET_STATE_MULTIPLE failed');
    expect(allText(refused)).to.contain('tx creator does not have read access permission on privatedata');
    expect(await client(a, c.client).ask(many(open), own(a))).to.deep.equal(['']);
    const unheard = await failureOf(client().ask(many('unheard-of')));
    expect(allText(unheard)).to.match(/collection .*unheard-of.* could not be found/i);
  });

  row('', 'plans endorsements for many private keys as for one', async (bench) => {
    const key = bench.key();
    for (const read of [
      { op: 'get', key, collection: open },
      { op: 'getMany', keys: [key], collection: open },
    ] as const) {
      const refused = await failureOf(bench.client().endorse([read, put(bench.key(), 'v')]));
      expect(refused.code, read.op).to.equal(9);
      expect(allText(refused)).to.contain(
        'no combination of peers can be derived which satisfy the endorsement policy',
      );
    }
    await bench.client().endorse([{ op: 'hash', key, collection: open }, put(bench.key(), 'v')]);
  });

  row('', 'writes a batch as it does each change alone', async (bench) => {
    const { a, b, d } = bench;
    const prefix = bench.key();
    const organisations = bench.mspIds(a, b, d);
    const key = (name: string): string => `${prefix}-${name}`;
    const records: BatchRecord[] = [
      { type: 'put', key: key('b'), value: 'v' },
      { type: 'put', key: key('a'), value: 'first' },
      { type: 'delete', key: key('gone') },
      { type: 'put', key: key('a'), value: 'last' },
      { type: 'put', key: key('empty'), value: '' },
      { type: 'setPolicy', key: key('a'), value: a.mspId },
      { type: 'put', key: key('private'), value: 'v', collection: open },
      { type: 'setPolicy', key: key('private'), value: a.mspId, collection: open },
      { type: 'delete', key: key('private gone'), collection: open },
      { type: 'purge', key: key('private purged'), collection: open },
    ];
    const batch: ProbeOperation[] = [{ op: 'writeBatch', records }];
    // Later writes need the policy of the key as well, which a satisfies.
    const single = await bench.client().write(records.map(alone), { organisations });
    const together = await bench.client().write(batch, { organisations });
    expect(await recorded(bench, together)).to.deep.equal(await recorded(bench, single));
    expect(await bench.client().ask({ op: 'getMany', keys: [key('a'), key('empty')] })).to.deep.equal([
      'last',
      '',
    ]);
  });

  row(
    '',
    'keeps what stands in a batch before the record that it refuses, and nothing after',
    async (bench) => {
      const { a, b, c, client } = bench;
      const options: ProbeOptions = { organisations: bench.mspIds(a, b, c) };
      for (const [refused, reason] of [
        [
          { type: 'put', key: 'k', value: 'v', collection: closed },
          'tx creator does not have write access permission on privatedata',
        ],
        [{ type: 'unknown', key: 'k' }, 'unknown operation type'],
        [{ type: 'purge', key: 'k' }, 'only applicable for private data'],
      ] as [BatchRecord, string][]) {
        const [before, after] = [bench.key('before'), bench.key('after')];
        const records = [
          { type: 'put', key: before, value: 'v' } as const,
          refused,
          { type: 'put', key: after, value: 'v' } as const,
        ];
        const committed = await client(c).write(
          [{ op: 'attempt', operation: { op: 'writeBatch', records } }],
          options,
        );
        const { error } = committed.results[0] as { error: string };
        expect(error).to.contain('WRITE_BATCH_STATE failed').and.contain(reason);
        expect(await client().ask({ op: 'getMany', keys: [before, after] })).to.deep.equal(['v', '']);
      }
    },
  );

  row(
    '26',
    'keeps pages and batches apart, whichever comes first',
    async (bench) => {
      const batch: ProbeOperation = {
        op: 'writeBatch',
        records: [{ type: 'put', key: bench.key(), value: 'v' }],
      };
      const page: ProbeOperation = { op: 'page', start: 'a', end: 'b', size: 3 };
      for (const operations of [
        [page, batch],
        [batch, page],
      ]) {
        const refused = await failureOf(bench.client().evaluate(operations));
        expect(refused.code).to.equal(2);
      }
    },
    { needs: ['range-queries', 'pagination'] },
  );

  row('', 'takes an empty batch, and one with more changes than it offers to', async (bench) => {
    const prefix = bench.key();
    const records = Array.from({ length: 1_200 }, (_, index) => ({
      type: 'put' as const,
      key: `${prefix}-${index}`,
      value: String(index),
    }));
    await bench.client().write([
      { op: 'writeBatch', records: [] },
      { op: 'writeBatch', records },
    ]);
    const keys = records.map(({ key }) => key);
    const values = records.map(({ value }) => value);
    expect(await bench.client().ask({ op: 'getMany', keys })).to.deep.equal(values);
  });

  row('', 'takes an empty key where the shim would not, in either message', async (bench) => {
    const batch = {
      op: 'writeBatch',
      records: [{ type: 'put', key: '', value: 'of the empty key' }],
    } as const;
    const [before] = (await bench.client().ask({ op: 'getMany', keys: [''] })) as string[];
    expect(before).to.equal('');
    await bench.client().write([batch]);
    expect(await bench.client().ask({ op: 'getMany', keys: [''] })).to.deep.equal(['of the empty key']);
    await bench.client().write([{ op: 'writeBatch', records: [{ type: 'delete', key: '' }] }]);
  });
};

function put(key: string, value: string): Extract<ProbeOperation, { op: 'put' }> {
  return { op: 'put', key, value };
}

/** The operation that makes the change of one record by the message that Fabric always had. */
function alone({ type, key, value = '', collection }: BatchRecord): ProbeOperation {
  const where = collection === undefined ? {} : { collection };
  switch (type) {
    case 'put':
      return { op: 'put', key, value, ...where };
    case 'delete':
      return { op: 'delete', key, ...where };
    case 'purge':
      return { op: 'purge', key, collection: collection ?? '' };
    case 'setPolicy':
      return { op: 'setPolicy', key, mspIds: [value], ...where };
    case 'unknown':
      throw new RangeError('no message of its own');
  }
}

/** All that a transaction read and wrote, in hex; the hashes of private sets too, in which no version stands. */
async function recorded(bench: Bench, committed: Committed): Promise<unknown> {
  const namespace = namespaceOf(await bench.transaction(committed), bench.ledger.chaincode);
  return {
    public: Buffer.from(namespace.publicBytes).toString('hex'),
    collections: namespace.collections.map(({ name, hashed, privateHash }) => ({
      name,
      hashed: Buffer.from(hashed.serializeBinary()).toString('hex'),
      ...(name === both ? {} : { privateHash: Buffer.from(privateHash).toString('hex') }),
    })),
  };
}
