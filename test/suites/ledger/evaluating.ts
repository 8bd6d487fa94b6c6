import { expect } from 'chai';
import { preparedEnvelope, signEnvelope } from '../../support/ledger/calls.js';
import { allText, failureOf } from '../../support/ledger/call-failure.js';
import type { TransactionView } from '../../support/ledger/probe-chaincode/operations.js';
import type { Behaviour } from '../../support/ledger/rows.js';

/** What becomes of what the chaincode answers, and which peers are asked. */
export const evaluating: Behaviour = (row) => {
  row('1', 'passes on what a contract throws, as UNKNOWN to an evaluation', async ({ client, a }) => {
    const failure = await failureOf(client().evaluate([{ op: 'throw', message: 'x' }]));
    expect(failure.code).to.equal(2);
    expect(failure.message).to.contain('evaluate call to endorser returned error');
    expect(allText(failure)).to.contain('chaincode response 500, x');
    expect(failure.details[0]).to.include({ mspId: a.mspId, address: a.endpoint });
  });

  row('1', 'passes on what a contract throws, as ABORTED to an endorsement', async ({ client, a }) => {
    const failure = await failureOf(client().endorse([{ op: 'throw', message: 'x' }]));
    expect(failure.code).to.equal(10);
    expect(failure.details[0]).to.include({ mspId: a.mspId, address: a.endpoint });
    expect(failure.details[0]?.message).to.contain('chaincode response 500, x');
  });

  row('2', 'takes a response of status 404 as an error', async ({ client }) => {
    const failure = await failureOf(
      client().evaluate([{ op: 'respond', status: 404, message: 'nothing here' }]),
    );
    expect(failure.code).to.equal(2);
    expect(allText(failure)).to.contain('chaincode response 404, nothing here');
  });

  row('2', 'endorses and commits a response of status 300', async (bench) => {
    const key = bench.key();
    const committed = await bench.client().submit([
      { op: 'put', key, value: 'v' },
      { op: 'respond', status: 300, message: 'elsewhere', payload: '[]' },
    ]);
    expect(committed.code).to.equal(0);
    expect((await bench.transaction(committed)).endorsed.response.getStatus()).to.equal(300);
    expect(await bench.client().ask({ op: 'get', key })).to.equal('v');
  });

  row('2', 'takes a response of status 100 as an error', async ({ client }) => {
    const failure = await failureOf(client().evaluate([{ op: 'respond', status: 100, message: 'go on' }]));
    expect(failure.code).to.equal(2);
    expect(allText(failure)).to.contain('chaincode response 100, go on');
  });

  row('3', 'refuses endorsements that differ, as each organisation executes for itself', async (bench) => {
    const failure = await failureOf(bench.client().endorse([{ op: 'random', key: bench.key() }]));
    expect(failure.code).to.equal(10);
    expect(failure.details.map(({ message }) => message).join()).to.contain(
      'ProposalResponsePayloads do not match',
    );
  });

  row('5', 'has no endorser for an unknown organisation', async ({ client, key }) => {
    const operations = [{ op: 'put', key: key(), value: 'v' }] as const;
    const failure = await failureOf(client().endorse(operations, { organisations: ['NobodyMSP'] }));
    expect(failure.code).to.equal(14);
    expect(failure.message).to.contain('NobodyMSP');
  });

  row('6', 'refuses an unknown chaincode', async ({ raw, proposal }) => {
    const make = (): ReturnType<typeof proposal> => proposal([], { chaincode: 'unheard-of' });
    expect((await failureOf(raw().evaluate(make()))).code).to.equal(9);
    expect((await failureOf(raw().endorse(make()))).code).to.equal(9);
  });

  row('7', 'refuses an unknown channel in every call', async ({ raw, proposal, client, ledger, key, a }) => {
    const channel = 'elsewhere';
    const make = (): ReturnType<typeof proposal> => proposal([], { channel });
    expect((await failureOf(raw().evaluate(make()))).code, 'evaluate').to.equal(14);
    expect((await failureOf(raw().endorse(make()))).code, 'endorse').to.equal(9);

    const transaction = await client().endorse([{ op: 'put', key: key(), value: 'v' }]);
    const envelope = signEnvelope(preparedEnvelope(transaction), a.client);
    expect((await failureOf(raw().submit(channel, 'x', envelope))).code, 'submit').to.equal(9);
    expect((await failureOf(raw().commitStatus(a.client, channel, 'x'))).code, 'commit status').to.equal(7);

    const network = client().gateway.getNetwork(channel);
    const events = network
      .getChaincodeEvents(ledger.chaincode)
      .then((stream) => stream[Symbol.asyncIterator]().next());
    expect((await failureOf(events)).code, 'events').to.equal(7);
  });

  row(
    '',
    'executes on the peers that are named, each with its own organisation',
    async ({ client, b, c }) => {
      for (const { mspId } of [b, c]) {
        const view = (await client().ask({ op: 'view' }, { organisations: [mspId] })) as TransactionView;
        expect(view.endorserMspId).to.equal(mspId);
      }
    },
  );

  row('', 'evaluates on the own organisation by default', async ({ client, a, d }) => {
    for (const organisation of [a, d]) {
      const view = (await client(organisation).ask({ op: 'view' })) as TransactionView;
      expect(view.endorserMspId).to.equal(organisation.mspId);
    }
  });

  row('', 'gives the chaincode the proposal as it was made', async ({ raw, proposal, a, ledger }) => {
    const timestamp = new Date(Date.now() - 1_234);
    const made = proposal([{ op: 'view' }], { transient: { secret: 'of the sender' }, odd: { timestamp } });
    const response = await raw().evaluate(made);
    const [view] = JSON.parse(Buffer.from(response.getPayload_asU8()).toString()) as [TransactionView];
    expect(view).to.deep.include({
      txId: made.txId,
      channel: ledger.channel,
      creatorMspId: a.mspId,
      creatorCertificate: a.client.certificate,
      transient: { secret: 'of the sender' },
      seconds: Math.floor(timestamp.getTime() / 1_000),
      nanos: (timestamp.getTime() % 1_000) * 1_000_000,
    });
    expect(view.binding).to.match(/^[0-9a-f]{64}$/);
  });

  row('', 'refuses what is no proposal as INVALID_ARGUMENT', async ({ raw, proposal }) => {
    const broken = proposal([]);
    broken.signed.setProposalBytes(Buffer.from('this is no proposal at all'));
    expect((await failureOf(raw().evaluate(broken))).code).to.equal(3);
    expect((await failureOf(raw().endorse(broken))).code).to.equal(3);
  });

  row('', 'writes nothing by an evaluation', async ({ client, key }) => {
    const k = key();
    await client().evaluate([{ op: 'put', key: k, value: 'v' }]);
    expect(await client().ask({ op: 'get', key: k })).to.equal('');
  });

  row(
    '',
    'endorses by a minimal set that satisfies the policy, its own organisation first',
    async (bench) => {
      const committed = await bench.client().write([{ op: 'put', key: bench.key(), value: 'v' }]);
      const { endorsements } = (await bench.transaction(committed)).endorsed;
      expect(endorsements).to.have.length(3);
      expect(new Set(endorsements.map(({ mspId }) => mspId)).size).to.equal(3);
      expect(endorsements[0]?.mspId).to.equal(bench.a.mspId);
    },
  );
};
