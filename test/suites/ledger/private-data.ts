import { createHash } from 'node:crypto';
import { expect } from 'chai';
import { namespaceOf } from '../../support/ledger/block-view.js';
import type { Bench } from '../../support/ledger/bench.js';
import { allText, failureOf } from '../../support/ledger/call-failure.js';
import { deliveredWrites, own } from '../../support/ledger/private-delivery.js';
import type { Behaviour } from '../../support/ledger/rows.js';
import { COLLECTIONS } from '../../support/ledger/target.js';

const { open, closed, both, unreachable } = COLLECTIONS;

/** Private data: who may read and write it, what stands in the block, and where the values are. */
export const privateData: Behaviour = (row) => {
  row('', 'puts hashes into the block, and the value to members only', async (bench) => {
    const { a, b, c, client } = bench;
    const key = bench.key();
    const committed = await writePrivate(bench, open, key, 'secret');
    const transaction = await bench.transaction(committed);
    expect(Buffer.from(transaction.envelope).includes('secret'), 'the value is in the block').to.equal(false);
    expect(Buffer.from(transaction.envelope).includes(key), 'the key is in the arguments').to.equal(true);

    const { collections, publicBytes } = namespaceOf(transaction, bench.ledger.chaincode);
    expect(publicBytes, 'public part').to.have.length(0);
    expect(collections.map(({ name }) => name)).to.deep.equal([open]);
    const [write] = collections[0]?.hashed.getHashedWritesList() ?? [];
    expect(write?.getKeyHash_asB64()).to.equal(sha256(key).toString('base64'));
    expect(write?.getValueHash_asB64()).to.equal(sha256('secret').toString('base64'));
    expect(collections[0]?.privateHash).to.have.length(32);

    for (const member of [a, b]) {
      expect(await client(member).ask({ op: 'get', key, collection: open }, own(member))).to.equal('secret');
    }
    const hash = await client(c).ask({ op: 'hash', key, collection: open }, own(c));
    expect(hash).to.equal(sha256('secret').toString('hex'));
  });

  row('', 'reads all of the definition with the first use of a collection', async (bench) => {
    const committed = await writePrivate(bench, open, bench.key(), 'v');
    const { public: recorded } = namespaceOf(await bench.transaction(committed), '_lifecycle');
    const cc = bench.ledger.chaincode;
    expect(recorded.getReadsList().map((read) => read.getKey())).to.deep.equal([
      `namespaces/fields/${cc}/Collections`,
      `namespaces/fields/${cc}/EndorsementInfo`,
      `namespaces/fields/${cc}/Sequence`,
      `namespaces/fields/${cc}/ValidationInfo`,
      `namespaces/metadata/${cc}`,
    ]);
  });

  row('', 'records private reads and writes as hashes, in the order of the clear keys', async (bench) => {
    const prefix = bench.key();
    const keys = ['b', 'a', 'c'].map((letter) => `${prefix}-${letter}`);
    const committed = await bench
      .client()
      .write(
        [
          ...keys.map((key) => ({ op: 'get', key, collection: both }) as const),
          ...keys.map((key) => ({ op: 'put', key, value: 'v', collection: both }) as const),
        ],
        { organisations: bench.mspIds(bench.a, bench.b) },
      );
    const [collection] = namespaceOf(await bench.transaction(committed), bench.ledger.chaincode).collections;
    const expected = [...keys].sort().map((key) => sha256(key).toString('base64'));
    expect(collection?.hashed.getHashedReadsList().map((read) => read.getKeyHash_asB64())).to.deep.equal(
      expected,
    );
    expect(collection?.hashed.getHashedWritesList().map((write) => write.getKeyHash_asB64())).to.deep.equal(
      expected,
    );
    expect(collection?.hashed.getHashedReadsList().some((read) => read.hasVersion())).to.equal(false);
  });

  row('', 'finds conflicts of private keys like those of public ones', async (bench) => {
    const key = bench.key();
    const change = [
      { op: 'get', key, collection: both },
      { op: 'put', key, value: 'v', collection: both },
    ] as const;
    const organisations = bench.mspIds(bench.a, bench.b);
    const stale = await bench.client().endorse(change, { organisations });
    await bench.client().write(change, { organisations });
    expect((await bench.client().commit(stale)).code).to.equal(11);
  });

  row('', 'notices that an absent private key has come to be', async (bench) => {
    const key = bench.key();
    const organisations = bench.mspIds(bench.a, bench.b);
    const stale = await bench.client().endorse(
      [
        { op: 'hash', key, collection: both },
        { op: 'put', key: bench.key(), value: 'v', collection: both },
      ],
      { organisations },
    );
    await writePrivate(bench, both, key, 'v');
    expect((await bench.client().commit(stale)).code).to.equal(11);
  });

  row('31', 'gives a non-member an error, emptiness or a hash', async (bench) => {
    const { c, client } = bench;
    const key = bench.key();
    await writePrivate(bench, open, key, 'v');
    const existing = await failureOf(client(c).ask({ op: 'get', key, collection: open }, own(c)));
    expect(allText(existing)).to.contain('private data matching public hash version is not available');
    expect(await client(c).ask({ op: 'get', key: bench.key(), collection: open }, own(c))).to.equal('');
    expect(await client(c).ask({ op: 'hash', key, collection: open }, own(c))).to.have.length(64);
  });

  row('32', "lets nobody read through a non-member's peer", async (bench) => {
    const { a, c, client } = bench;
    const key = bench.key();
    await writePrivate(bench, open, key, 'v');
    const refused = await failureOf(client(c, a.client).ask({ op: 'get', key, collection: open }, own(c)));
    expect(allText(refused)).to.contain('private data matching public hash version is not available');
  });

  row(
    '32',
    "lets a non-member's client read through a member's peer where the collection allows",
    async (bench) => {
      const { a, c, client } = bench;
      const key = bench.key();
      await writePrivate(bench, open, key, 'for all');
      await writePrivate(bench, closed, key, 'for members');
      expect(await client(a, c.client).ask({ op: 'get', key, collection: open }, own(a))).to.equal('for all');
      const refused = await failureOf(
        client(a, c.client).ask({ op: 'get', key, collection: closed }, own(a)),
      );
      expect(allText(refused)).to.contain('tx creator does not have read access permission on privatedata');
      expect(await client(a, c.client).ask({ op: 'hash', key, collection: closed }, own(a))).to.have.length(
        64,
      );
    },
  );

  row(
    '33',
    "lets a non-member's client write where the collection allows, even on its own peer",
    async (bench) => {
      const { c, client } = bench;
      const put = (collection: string): Promise<unknown> =>
        client(c).endorse([{ op: 'put', key: bench.key(), value: 'v', collection }], own(c));
      const refused = await failureOf(put(closed));
      expect(allText(refused)).to.contain('tx creator does not have write access permission on privatedata');
      await put(open);
    },
  );

  row('', 'refuses a collection that the definition does not have', async (bench) => {
    for (const op of ['get', 'hash'] as const) {
      const refused = await failureOf(bench.client().ask({ op, key: 'k', collection: 'unheard-of' }));
      expect(allText(refused), op).to.match(
        /collection .*unheard-of.* (could not be found|not defined|does not exist)/i,
      );
    }
    const put = { op: 'put', key: 'k', value: 'v', collection: 'unheard-of' } as const;
    expect((await failureOf(bench.client().ask(put))).code).to.equal(2);
  });

  row('34', 'fails, already in an evaluation, when too few peers can be given the data', async (bench) => {
    const put = { op: 'put', key: bench.key(), value: 'v', collection: unreachable } as const;
    const refused = await failureOf(bench.client().ask(put, own(bench.a)));
    expect(refused.code).to.equal(10);
    expect(allText(refused)).to.contain('required to disseminate to at least 1 peers');
    // Left to choose, the gateway goes on to a peer that has nothing to give: it is no member.
    await bench.client().ask(put);
  });

  row(
    '44',
    'takes a purged value out of every old block, and keeps its hash there',
    async (bench) => {
      const { client, a, c } = bench;
      const key = bench.key();
      const written = await writePrivate(bench, both, key, 'to be purged');
      const before = await bench.block(written.block);
      await client().write([{ op: 'purge', key, collection: both }], {
        organisations: bench.mspIds(a, bench.b),
      });

      expect(await client().ask({ op: 'get', key, collection: both }, own(a))).to.equal('');
      expect(await client().ask({ op: 'hash', key, collection: both }, own(a))).to.equal('');
      expect(await client(c).ask({ op: 'hash', key, collection: both }, own(c))).to.equal('');
      const writes = await deliveredWrites(bench, a, a.client, written);
      expect(writes?.[both]).to.deep.equal([]);
      const after = await bench.block(written.block);
      expect(
        Buffer.from(after.serializeBinary()).equals(before.serializeBinary()),
        'the block itself',
      ).to.equal(true);
    },
    { needs: ['purge'] },
  );

  row('', 'keeps a deleted value in the old block, unlike a purged one', async (bench) => {
    const { a, client } = bench;
    const key = bench.key();
    const written = await writePrivate(bench, both, key, 'only deleted');
    await client().write([{ op: 'delete', key, collection: both }], {
      organisations: bench.mspIds(a, bench.b),
    });
    expect(await client().ask({ op: 'get', key, collection: both }, own(a))).to.equal('');
    const writes = await deliveredWrites(bench, a, a.client, written);
    expect(writes?.[both]).to.deep.equal([{ key, value: 'only deleted', isDelete: false }]);
  });

  row('45', 'delivers the private data of an invalid transaction, but does not apply it', async (bench) => {
    const { a, client } = bench;
    const key = bench.key();
    const organisations = bench.mspIds(a, bench.b);
    const stale = await client().endorse(
      [
        { op: 'get', key, collection: both },
        { op: 'put', key, value: 'stale', collection: both },
      ],
      { organisations },
    );
    await writePrivate(bench, both, key, 'fresh');
    const invalid = await client().commit(stale);
    expect(invalid.code).to.equal(11);
    const writes = await deliveredWrites(bench, a, a.client, invalid);
    expect(writes?.[both]).to.deep.equal([{ key, value: 'stale', isDelete: false }]);
    expect(await client().ask({ op: 'get', key, collection: both }, own(a))).to.equal('fresh');
  });

  row('46', 'delivers private data to whom the collection allows to read it', async (bench) => {
    const { a, b, c, client } = bench;
    const key = bench.key();
    const committed = await client().write(
      [
        { op: 'put', key, value: 'o', collection: open },
        { op: 'put', key, value: 'c', collection: closed },
      ],
      { organisations: bench.mspIds(a, b, bench.d) },
    );
    expect(Object.keys((await deliveredWrites(bench, a, a.client, committed)) ?? {})).to.deep.equal([
      closed,
      open,
    ]);
    expect(Object.keys((await deliveredWrites(bench, b, b.client, committed)) ?? {})).to.deep.equal([
      closed,
      open,
    ]);
    expect(Object.keys((await deliveredWrites(bench, a, c.client, committed)) ?? {})).to.deep.equal([open]);
    expect(Object.keys((await deliveredWrites(bench, c, c.client, committed)) ?? {})).to.deep.equal([]);
  });

  row('', 'keeps the private values of one organisation from the peers of another', async (bench) => {
    const { a, b, c, client } = bench;
    const collection = `_implicit_org_${b.mspId}`;
    const key = bench.key();
    await client(b).write([{ op: 'put', key, value: 'of b alone', collection }], own(b));
    expect(await client(b).ask({ op: 'get', key, collection }, own(b))).to.equal('of b alone');
    for (const other of [a, c]) {
      const refused = await failureOf(client(other).ask({ op: 'get', key, collection }, own(other)));
      expect(allText(refused)).to.contain('private data matching public hash version is not available');
    }
  });
};

/** Endorsed by three organisations, or by a and b where the collection has a policy of its own. */
function writePrivate(
  bench: Bench,
  collection: string,
  key: string,
  value: string,
): ReturnType<ReturnType<Bench['client']>['write']> {
  const { a, b, d } = bench;
  const endorsers = collection === both ? bench.mspIds(a, b) : bench.mspIds(a, b, d);
  return bench.client().write([{ op: 'putTransient', key, field: 'value', collection }], {
    transient: { value },
    organisations: endorsers,
  });
}

function sha256(text: string): Buffer {
  return createHash('sha256').update(text).digest();
}
