import type { peer } from '@hyperledger/fabric-protos';
import { expect } from 'chai';
import type { Bench } from '../../support/ledger/bench.js';
import { allText, failureOf } from '../../support/ledger/call-failure.js';
import { preparedEnvelope, signEnvelope } from '../../support/ledger/calls.js';
import { flipHalf, withChangedEndorsement, withEndorsers } from '../../support/ledger/endorsements.js';
import type { LedgerIdentity } from '../../support/ledger/identity.js';
import { signaturePolicy } from '../../support/ledger/probe-definition.js';
import type { ProbeOperation } from '../../support/ledger/probe-chaincode/operations.js';
import type { Behaviour } from '../../support/ledger/rows.js';
import { COLLECTIONS } from '../../support/ledger/target.js';

const { open, both, either } = COLLECTIONS;
const ENDORSEMENT_POLICY_FAILURE = 10;

/** Whose endorsement a transaction needs: of the chaincode, of a collection, of a key. */
export const policies: Behaviour = (row) => {
  row(
    '4',
    'endorses by whoever is named, and marks invalid what the policy does not allow',
    async (bench) => {
      const organisations = bench.mspIds(bench.a);
      const key = bench.key();
      const committed = await bench.client().submit([{ op: 'put', key, value: 'v' }], { organisations });
      expect(committed.code).to.equal(ENDORSEMENT_POLICY_FAILURE);
      expect(await bench.client().ask({ op: 'get', key })).to.equal('');
    },
  );

  row('4', 'asks for the chaincode policy also when nothing is written', async (bench) => {
    const organisations = bench.mspIds(bench.a, bench.b);
    const committed = await bench.client().submit([{ op: 'get', key: bench.key() }], { organisations });
    expect(committed.code).to.equal(ENDORSEMENT_POLICY_FAILURE);
  });

  row(
    '35',
    'lets a collection have a policy of its own, stronger and weaker than the chaincode',
    async (bench) => {
      const put = (collection: string): ProbeOperation[] => [
        { op: 'put', key: bench.key(), value: 'v', collection },
      ];
      const { a, b, c } = bench;
      const code = async (collection: string, ...endorsers: (typeof a)[]): Promise<number> =>
        (await bench.client().submit(put(collection), { organisations: bench.mspIds(...endorsers) })).code;
      expect(await code(both, a), 'both, by a').to.equal(ENDORSEMENT_POLICY_FAILURE);
      expect(await code(both, a, c), 'both, by a and c').to.equal(ENDORSEMENT_POLICY_FAILURE);
      expect(await code(both, a, b), 'both, by a and b').to.equal(0);
      expect(await code(either, b), 'either, by b').to.equal(0);
      expect(await code(either, c), 'either, by c').to.equal(ENDORSEMENT_POLICY_FAILURE);
      expect(await code(open, a, b), 'open, by two of four').to.equal(ENDORSEMENT_POLICY_FAILURE);
    },
  );

  row('35', 'finds the endorsers of a collection by itself', async (bench) => {
    const committed = await bench
      .client()
      .write([{ op: 'put', key: bench.key(), value: 'v', collection: both }]);
    const { endorsements } = (await bench.transaction(committed)).endorsed;
    expect(endorsements.map(({ mspId }) => mspId).sort()).to.deep.equal(bench.mspIds(bench.a, bench.b));
  });

  row('36', 'needs the chaincode policy too, as soon as something public is written', async (bench) => {
    const operations: ProbeOperation[] = [
      { op: 'put', key: bench.key(), value: 'v', collection: both },
      { op: 'put', key: bench.key(), value: 'v' },
    ];
    const [a, b, d] = [bench.a, bench.b, bench.d];
    const two = await bench.client().submit(operations, { organisations: bench.mspIds(a, b) });
    expect(two.code).to.equal(ENDORSEMENT_POLICY_FAILURE);
    const three = await bench.client().submit(operations, { organisations: bench.mspIds(a, b, d) });
    expect(three.code).to.equal(0);
  });

  row('37', 'does not send transient data outside a collection unless told to', async (bench) => {
    const operations: ProbeOperation[] = [
      { op: 'putTransient', key: bench.key(), field: 'secret', collection: open },
      { op: 'put', key: bench.key(), value: 'v' },
    ];
    const transient = { secret: 'v' };
    const refused = await failureOf(bench.client().endorse(operations, { transient }));
    expect(refused.code).to.equal(9);
    expect(allText(refused)).to.contain(open);
    const organisations = bench.mspIds(bench.a, bench.b, bench.c);
    expect((await bench.client().submit(operations, { transient, organisations })).code).to.equal(0);
  });

  const needs = ['key-policies'] as const;

  row(
    '38',
    'lets a key have a policy of its own',
    async (bench) => {
      const { a, b, c } = bench;
      const key = await keyWithPolicy(bench, [b.mspId]);
      expect(await bench.client().ask({ op: 'getPolicy', key })).to.deep.equal([b.mspId]);
      const change: ProbeOperation[] = [{ op: 'put', key, value: 'changed' }];
      const without = await bench.client().submit(change, { organisations: bench.mspIds(a, c, bench.d) });
      expect(without.code, 'by a, c and d').to.equal(ENDORSEMENT_POLICY_FAILURE);
      const alone = await bench.client().submit(change, { organisations: bench.mspIds(b) });
      expect(alone.code, 'by b alone').to.equal(0);
      expect(
        await bench.client().ask({ op: 'getPolicy', key }),
        'a new value keeps the policy',
      ).to.deep.equal([b.mspId]);
    },
    { needs },
  );

  row(
    '38',
    'finds the endorsers of such a key by itself',
    async (bench) => {
      const key = await keyWithPolicy(bench, [bench.d.mspId]);
      const committed = await bench.client().write([{ op: 'put', key, value: 'changed' }]);
      const { endorsements } = (await bench.transaction(committed)).endorsed;
      expect(endorsements.map(({ mspId }) => mspId)).to.include(bench.d.mspId);
    },
    { needs },
  );

  row(
    '38',
    'gives a key back to the chaincode policy when its own is taken away',
    async (bench) => {
      const { a, b, c } = bench;
      const key = await keyWithPolicy(bench, [b.mspId]);
      await bench.client().write([{ op: 'setPolicy', key, mspIds: [] }], { organisations: bench.mspIds(b) });
      const committed = await bench
        .client()
        .submit([{ op: 'put', key, value: 'v' }], { organisations: bench.mspIds(a, c, bench.d) });
      expect(committed.code).to.equal(0);
    },
    { needs },
  );

  row(
    '39',
    'marks invalid what changes a key whose policy changes in the same block',
    async (bench) => {
      for (let attempt = 0; attempt < 20; attempt++) {
        const key = bench.key();
        await bench.client().write([{ op: 'put', key, value: 'v' }]);
        const setting = await bench.client().endorse([{ op: 'setPolicy', key, mspIds: [bench.b.mspId] }]);
        const writing = await bench.client().endorse([{ op: 'put', key, value: 'changed' }]);
        const first = bench.client().commit(setting);
        const [one, other] = await Promise.all([first, bench.client().commit(writing)]);
        if (one.block !== other.block) continue;
        const [later, earlier] =
          (await bench.transaction(one)).index > (await bench.transaction(other)).index
            ? [one, other]
            : [other, one];
        expect(earlier.code).to.equal(0);
        // Only a later write is judged by what the earlier one says of the key; the other way round both stand.
        expect(later.code).to.equal(later === other ? ENDORSEMENT_POLICY_FAILURE : 0);
        if (later === other) return;
      }
      throw new Error('the two transactions never came into one block in that order');
    },
    { needs, timeoutMs: 60_000 },
  );

  row(
    '40',
    'lets a policy be set for a key that does not exist, without effect',
    async (bench) => {
      const key = bench.key();
      const committed = await bench.client().submit([{ op: 'setPolicy', key, mspIds: [bench.b.mspId] }]);
      expect(committed.code).to.equal(0);
      expect(await bench.client().ask({ op: 'getPolicy', key })).to.deep.equal([]);
    },
    { needs },
  );

  row(
    '',
    'keeps a policy of a private key as it does of a public one',
    async (bench) => {
      const { a, b } = bench;
      const key = bench.key();
      const organisations = bench.mspIds(a, b);
      await bench.client().write([{ op: 'put', key, value: 'v', collection: both }], { organisations });
      await bench
        .client()
        .write([{ op: 'setPolicy', key, mspIds: [b.mspId], collection: both }], { organisations });
      const change: ProbeOperation[] = [{ op: 'put', key, value: 'w', collection: both }];
      const code = async (...endorsers: (typeof a)[]): Promise<number> =>
        (await bench.client().submit(change, { organisations: bench.mspIds(...endorsers) })).code;
      expect(await code(a), 'by a').to.equal(ENDORSEMENT_POLICY_FAILURE);
      expect(await code(b), 'by b').to.equal(0);
    },
    { needs },
  );

  row(
    '43',
    'matches endorsements to principals in their order, without going back',
    async (bench) => {
      const { a } = bench;
      const key = bench.key();
      await bench.client().write([{ op: 'put', key, value: 'v' }]);
      const base64 = Buffer.from(
        signaturePolicy(2, [a.mspId, a.mspId], ['MEMBER', 'PEER']).serializeBinary(),
      ).toString('base64');
      await bench.client().write([{ op: 'setPolicyBytes', key, base64 }]);

      const code = async (...endorsers: LedgerIdentity[]): Promise<number> => {
        const transaction = await bench
          .client()
          .endorse([{ op: 'put', key, value: 'w' }], { organisations: bench.mspIds(a) });
        const envelope = withEndorsers(preparedEnvelope(transaction), endorsers);
        const txId = transaction.getTransactionId();
        await bench.raw().submit(bench.ledger.channel, txId, signEnvelope(envelope, a.client));
        return (await bench.raw().commitStatus(a.client, bench.ledger.channel, txId)).code;
      };
      expect(await code(a.peer, a.admin), 'the peer is taken for the member').to.equal(
        ENDORSEMENT_POLICY_FAILURE,
      );
      expect(await code(a.admin, a.peer)).to.equal(0);
      expect(await code(a.peer, a.peer), 'one peer twice').to.equal(ENDORSEMENT_POLICY_FAILURE);
    },
    { needs },
  );

  row('', 'does not take an endorsement whose signature is wrong or has a high S', async (bench) => {
    const { a, b, c } = bench;
    const code = async (change: (endorsement: peer.Endorsement) => void): Promise<number> => {
      const transaction = await bench
        .client()
        .endorse([{ op: 'put', key: bench.key(), value: 'v' }], { organisations: bench.mspIds(a, b, c) });
      const envelope = withChangedEndorsement(preparedEnvelope(transaction), change);
      const txId = transaction.getTransactionId();
      await bench.raw().submit(bench.ledger.channel, txId, signEnvelope(envelope, a.client));
      return (await bench.raw().commitStatus(a.client, bench.ledger.channel, txId)).code;
    };
    expect(await code(() => undefined), 'untouched').to.equal(0);
    expect(await code(flipHalf), 'high S').to.equal(ENDORSEMENT_POLICY_FAILURE);
    expect(
      await code((endorsement) => {
        endorsement.setSignature(Buffer.from('3006020101020101', 'hex'));
      }),
      'wrong',
    ).to.equal(ENDORSEMENT_POLICY_FAILURE);
  });

  row(
    '42',
    "needs the policy of every chaincode that was written, not only the caller's",
    async (bench) => {
      const { a, b, c } = bench;
      const { chaincode, otherChaincode } = bench.ledger;
      const key = bench.key();
      const operations: ProbeOperation[] = [
        { op: 'invoke', chaincode, operations: [{ op: 'put', key, value: 'from afar' }] },
      ];
      const code = async (...endorsers: (typeof a)[]): Promise<number> =>
        (
          await bench
            .client()
            .submit(operations, { organisations: bench.mspIds(...endorsers) }, otherChaincode)
        ).code;
      expect(await code(a)).to.equal(ENDORSEMENT_POLICY_FAILURE);
      expect(await code(a, b, c)).to.equal(0);
      expect(await bench.client().ask({ op: 'get', key })).to.equal('from afar');
    },
    { needs: ['chaincode-to-chaincode'] },
  );

  row(
    '42',
    'refuses a call that comes back to its caller',
    async (bench) => {
      const { chaincode, otherChaincode } = bench.ledger;
      const back: ProbeOperation = { op: 'invoke', chaincode, operations: [{ op: 'get', key: 'k' }] };
      const result = await bench
        .client()
        .ask({ op: 'attempt', operation: { op: 'invoke', chaincode: otherChaincode, operations: [back] } });
      expect(JSON.stringify(result)).to.match(/INVOKE_CHAINCODE failed|already exists/);
    },
    { needs: ['chaincode-to-chaincode'] },
  );

  row(
    '',
    'keeps the writes and drops the event of a called chaincode',
    async (bench) => {
      const { a, b, c } = bench;
      const { chaincode, otherChaincode } = bench.ledger;
      const key = bench.key();
      const committed = await bench.client().submit(
        [
          { op: 'event', name: 'of the caller', payload: '1' },
          {
            op: 'invoke',
            chaincode,
            operations: [
              { op: 'put', key, value: 'v' },
              { op: 'event', name: 'of the called', payload: '2' },
            ],
          },
        ],
        { organisations: bench.mspIds(a, b, c) },
        otherChaincode,
      );
      const { event, namespaces } = (await bench.transaction(committed)).endorsed;
      expect(event?.getEventName()).to.equal('of the caller');
      expect(namespaces.map(({ namespace }) => namespace)).to.deep.equal(['_lifecycle', chaincode]);
    },
    { needs: ['chaincode-to-chaincode'] },
  );
};

async function keyWithPolicy(bench: Bench, mspIds: readonly string[]): Promise<string> {
  const key = bench.key();
  await bench.client().write([{ op: 'put', key, value: 'v' }]);
  await bench.client().write([{ op: 'setPolicy', key, mspIds }]);
  return key;
}
