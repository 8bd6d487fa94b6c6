import { randomBytes } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { common } from '@hyperledger/fabric-protos';
import { expect } from 'chai';
import { issue } from '../../support/ledger/authority.js';
import { transactionsOf } from '../../support/ledger/block-view.js';
import { allText, failureOf, type CallFailure } from '../../support/ledger/call-failure.js';
import { preparedEnvelope, signEnvelope } from '../../support/ledger/calls.js';
import { seek } from '../../support/ledger/deliver.js';
import { makeEnvelope } from '../../support/ledger/envelope.js';
import type { Behaviour } from '../../support/ledger/rows.js';
import type { RunningLedger } from '../../support/ledger/target.js';

/** What the orderer takes, what becomes of it, and who is told. */
export const submitting: Behaviour = (row) => {
  row('10', 'refuses an expired client everywhere but in asking for a commit', async (bench) => {
    const { a, ledger, raw } = bench;
    const notAfter = new Date(Math.ceil(Date.now() / 1_000) * 1_000 + 2_000);
    const identity = await issue(a.authority, a.mspId, { commonName: 'leaver', units: ['client'], notAfter });
    const operations = [{ op: 'put', key: bench.key(), value: 'v' }] as const;
    const envelope = await raw().endorse(bench.proposal(operations, { identity }));
    await sleep(notAfter.getTime() + 1_100 - Date.now());

    expect(
      (await failureOf(raw().evaluate(bench.proposal(operations, { identity })))).code,
      'evaluate',
    ).to.equal(14);
    const refused = await failureOf(raw().submit(ledger.channel, 'x', signEnvelope(envelope, identity)));
    expectRefusal(ledger, refused, 'BAD_REQUEST');
    const known = await bench.client().write(operations);
    expect((await raw().commitStatus(identity, ledger.channel, known.txId)).code, 'commit status').to.equal(
      0,
    );
    const { status } = await seek(raw(), {
      identity,
      channel: ledger.channel,
      start: 'oldest',
      stop: 'oldest',
    });
    expect(status, 'deliver').to.equal(common.Status.FORBIDDEN);
  });

  row('11', 'refuses an envelope whose signature has a high S', async ({ client, raw, ledger, key, a }) => {
    const transaction = await client().endorse([{ op: 'put', key: key(), value: 'v' }]);
    const envelope = signEnvelope(preparedEnvelope(transaction), a.client, 'high');
    const refused = await failureOf(raw().submit(ledger.channel, transaction.getTransactionId(), envelope));
    expectRefusal(ledger, refused, 'FORBIDDEN');
  });

  row(
    '17',
    'refuses an envelope signed by another than its creator',
    async ({ client, raw, ledger, key, a }) => {
      const transaction = await client().endorse([{ op: 'put', key: key(), value: 'v' }]);
      const envelope = signEnvelope(preparedEnvelope(transaction), a.admin);
      const refused = await failureOf(raw().submit(ledger.channel, transaction.getTransactionId(), envelope));
      expectRefusal(ledger, refused, 'FORBIDDEN');
    },
  );

  row('15', 'commits one of two identical envelopes, and says so for both', async (bench) => {
    const { ledger, a, raw } = bench;
    const transaction = await bench.client().endorse([{ op: 'put', key: bench.key(), value: 'v' }]);
    const txId = transaction.getTransactionId();
    const envelope = signEnvelope(preparedEnvelope(transaction), a.client);
    await raw().submit(ledger.channel, txId, envelope);
    const first = await raw().commitStatus(a.client, ledger.channel, txId);
    expect(first.code).to.equal(0);

    if (ledger.ordersByQuorum) {
      // BFT orderers remember what they ordered: the gateway finds no quorum for the second.
      expect((await failureOf(raw().submit(ledger.channel, txId, envelope))).code).to.equal(14);
    } else {
      await raw().submit(ledger.channel, txId, envelope);
      const later = await bench.client().write([{ op: 'put', key: bench.key(), value: 'v' }]);
      const codes: number[] = [];
      for (let number = first.block + 1; number <= later.block; number++) {
        const copies = transactionsOf(await bench.block(number)).filter((each) => each.txId === txId);
        codes.push(...copies.map(({ code }) => code));
      }
      expect(codes, 'code of the second').to.deep.equal([9]);
    }
    expect(await raw().commitStatus(a.client, ledger.channel, txId)).to.deep.equal(first);
  });

  row('16', 'orders an envelope with garbage for data, and marks it invalid', async (bench) => {
    const made = makeEnvelope({
      identity: bench.a.client,
      channel: bench.ledger.channel,
      data: randomBytes(200),
    });
    await bench.raw().submit(bench.ledger.channel, made.txId, made.envelope);
    expect((await bench.raw().commitStatus(bench.a.client, bench.ledger.channel, made.txId)).code).to.equal(
      5,
    );
  });

  row('16', 'marks a wrong transaction id invalid, before it looks at the data', async (bench) => {
    const { a, ledger, raw } = bench;
    const txId = randomBytes(32).toString('hex');
    const made = makeEnvelope({ identity: a.client, channel: ledger.channel, data: randomBytes(200), txId });
    await raw().submit(ledger.channel, txId, made.envelope);
    expect((await raw().commitStatus(a.client, ledger.channel, txId)).code).to.equal(8);
  });

  row(
    '18',
    'waits for a transaction that nobody submitted, until the deadline',
    async ({ raw, ledger, a }) => {
      const started = performance.now();
      const txId = randomBytes(32).toString('hex');
      const failure = await failureOf(raw().commitStatus(a.client, ledger.channel, txId, 500));
      // Fabric's own answer to a deadline, when it arrives before the client's, is CANCELLED.
      expect(failure.code).to.be.oneOf([4, 1]);
      expect(performance.now() - started).to.be.at.least(450);
    },
  );

  row('', 'tells of a commit as soon as it is there, to one who asked before', async (bench) => {
    const transaction = await bench.client().endorse([{ op: 'put', key: bench.key(), value: 'v' }]);
    const asked = bench
      .raw()
      .commitStatus(bench.a.client, bench.ledger.channel, transaction.getTransactionId());
    const committed = await bench.client().commit(transaction);
    expect(await asked).to.deep.equal({ code: 0, block: committed.block });
  });

  row('', 'answers for a commit through every organisation, with the same block', async (bench) => {
    const { ledger, b, c, d, raw } = bench;
    const { txId, block } = await bench.client().write([{ op: 'put', key: bench.key(), value: 'v' }]);
    for (const organisation of [b, c, d]) {
      const status = await raw(organisation).commitStatus(organisation.client, ledger.channel, txId);
      expect(status).to.deep.equal({ code: 0, block });
    }
  });

  row('', 'refuses to submit nothing, or nothing signed', async ({ client, raw, ledger, key }) => {
    const transaction = await client().endorse([{ op: 'put', key: key(), value: 'v' }]);
    expect((await failureOf(raw().submit(ledger.channel, 'x', undefined))).code).to.equal(3);
    const unsigned = preparedEnvelope(transaction);
    expect((await failureOf(raw().submit(ledger.channel, 'x', unsigned))).code).to.equal(3);
  });

  row('', 'refuses a commit status request that is empty, incomplete or wrongly signed', async (bench) => {
    const { raw, ledger, a } = bench;
    expect((await failureOf(raw().signedCommitStatus(new Uint8Array(), new Uint8Array()))).code).to.equal(3);
    expect((await failureOf(raw().commitStatus(a.client, ledger.channel, ''))).code, 'no id').to.equal(3);
    expect((await failureOf(raw().commitStatus(a.client, '', 'x'))).code, 'no channel').to.equal(3);
    const forged = { ...a.client, privateKey: a.admin.privateKey };
    expect((await failureOf(raw().commitStatus(forged, ledger.channel, 'x'))).code, 'forged').to.equal(7);
  });

  row('53', 'refuses a transaction that is larger than a block may be', async ({ client, key, ledger }) => {
    const transaction = await client().endorse([
      { op: 'put', key: key(), value: 'x', fill: 11 * 1024 * 1024 },
    ]);
    const refused = await failureOf(transaction.submit());
    expectRefusal(ledger, refused, 'BAD_REQUEST');
  });
};

function expectRefusal(ledger: RunningLedger, failure: CallFailure, status: string): void {
  expect(failure.code).to.equal(ledger.ordersByQuorum ? 14 : 10);
  expect(allText(failure)).to.contain(status);
}
