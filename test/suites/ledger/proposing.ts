import { expect } from 'chai';
import { common } from '@hyperledger/fabric-protos';
import { foreignAuthority, issue } from '../../support/ledger/authority.js';
import { signEnvelope } from '../../support/ledger/calls.js';
import type { Bench } from '../../support/ledger/bench.js';
import { allText, failureOf } from '../../support/ledger/call-failure.js';
import type { LedgerIdentity } from '../../support/ledger/identity.js';
import type { ProposalInput } from '../../support/ledger/proposal.js';
import type { Behaviour } from '../../support/ledger/rows.js';

const MINUTES = 60_000;

/**
 * Who may propose, and what a proposal must look like. A refusal by the endorser is FAILED_PRECONDITION to an
 * evaluation, but ABORTED with details to an endorsement, which never passes on the first endorser's code.
 */
export const proposing: Behaviour = (row) => {
  row(
    '8',
    'lets a peer (a reader, no writer) ask for commits and blocks, but not evaluate',
    async (bench) => {
      const { a, ledger, client } = bench;
      const refused = await failureOf(bench.raw().evaluate(bench.proposal([], { identity: a.peer })));
      expect(refused.code).to.equal(9);
      const committed = await client().write([{ op: 'put', key: bench.key(), value: 'v' }]);
      expect(await bench.raw().commitStatus(a.peer, ledger.channel, committed.txId)).to.deep.equal({
        code: 0,
        block: committed.block,
      });
      const blocks = await client(a, a.peer)
        .gateway.getNetwork(ledger.channel)
        .getBlockEvents({ startBlock: 0n });
      const first = await blocks[Symbol.asyncIterator]().next();
      blocks.close();
      expect((first.value as common.Block).getHeader()?.getNumber()).to.equal(0);
    },
  );

  for (const minutes of [-20, 20]) {
    const when = minutes < 0 ? 'a proposal made 20 minutes ago' : 'a proposal from 20 minutes ahead';
    row('9', `refuses ${when}`, async (bench) => {
      const timestamp = new Date(Date.now() + minutes * MINUTES);
      await expectRefusals(bench, { odd: { timestamp } }, { evaluate: 14 });
    });
  }

  row('11', 'refuses a signature with a high S', (bench) =>
    expectRefusals(bench, { odd: { signature: 'high' } }),
  );
  row('11', 'refuses a signature over other bytes', (bench) =>
    expectRefusals(bench, { odd: { signature: 'other bytes' } }),
  );
  row('11', 'refuses a missing signature', (bench) => expectRefusals(bench, { odd: { signature: 'none' } }));

  row('12', 'refuses a certificate of an unknown authority', async (bench) => {
    const stranger = await issue(await foreignAuthority(), bench.a.mspId, {
      commonName: 'x',
      units: ['client'],
    });
    const text = await expectRefusals(bench, { identity: stranger });
    expect(text).to.contain('creator is malformed');
  });

  row('12', 'refuses an organisation that is not on the channel', async (bench) => {
    const stranger = await issue(await foreignAuthority(), 'NobodyMSP', {
      commonName: 'x',
      units: ['client'],
    });
    const text = await expectRefusals(bench, { identity: stranger });
    expect(text).to.contain('creator is malformed');
  });

  const oddUnits: readonly (readonly string[])[] = [[], ['client', 'admin'], ['Client']];
  for (const units of oddUnits) {
    row('12', `refuses a certificate with the units [${units.join(', ')}]`, async (bench) => {
      await expectRefusals(bench, { identity: await identityWith(bench, units) });
    });
  }

  row('12', 'takes a certificate with further units besides its one role', async (bench) => {
    const identity = await identityWith(bench, ['cardiology', 'client']);
    const response = await bench.raw().evaluate(bench.proposal([{ op: 'get', key: 'k' }], { identity }));
    expect(response.getStatus()).to.equal(200);
  });

  row('12', 'refuses a revoked certificate', async (bench) => {
    await expectRefusals(bench, { identity: revokedOf(bench) });
  });

  row('13', 'refuses a transaction id that is not the hash of nonce and creator', (bench) =>
    expectRefusals(bench, { odd: { txId: 'ab'.repeat(32) } }),
  );
  row('13', 'refuses an epoch other than 0', (bench) => expectRefusals(bench, { odd: { epoch: 1 } }));
  row('13', 'refuses an empty nonce', (bench) => expectRefusals(bench, { odd: { nonce: new Uint8Array() } }));
  row('13', 'refuses a header of another type', (bench) =>
    expectRefusals(bench, { odd: { type: common.HeaderType.MESSAGE } }),
  );

  row('14', 'refuses a proposal whose transaction is on the ledger', async (bench) => {
    const { raw, ledger, a } = bench;
    const proposal = bench.proposal([{ op: 'put', key: bench.key(), value: 'v' }]);
    const envelope = await raw().endorse(proposal);
    await raw().submit(ledger.channel, proposal.txId, signEnvelope(envelope, a.client));
    await raw().commitStatus(a.client, ledger.channel, proposal.txId);

    const evaluation = await failureOf(raw().evaluate(proposal));
    expect(evaluation.code).to.equal(9);
    expect(allText(evaluation)).to.contain('duplicate transaction found');
    const endorsement = await failureOf(raw().endorse(proposal));
    expect(endorsement.code).to.equal(10);
    expect(allText(endorsement)).to.contain('duplicate transaction found');
  });
};

function identityWith(bench: Bench, units: readonly string[]): Promise<LedgerIdentity> {
  return issue(bench.a.authority, bench.a.mspId, { commonName: 'odd', units });
}

function revokedOf(bench: Bench): LedgerIdentity {
  if (bench.a.revoked === undefined) {
    throw new Error('the target has no revoked identity');
  }
  return bench.a.revoked;
}

/** Both calls must refuse the same departure. Gives the texts of the endorsement's failure. */
async function expectRefusals(
  bench: Bench,
  input: Partial<Omit<ProposalInput, 'args'>>,
  { evaluate = 9 } = {},
): Promise<string> {
  const operations = [{ op: 'get', key: 'k' }] as const;
  const evaluation = await failureOf(bench.raw().evaluate(bench.proposal(operations, input)));
  expect(evaluation.code, `evaluate: ${allText(evaluation)}`).to.equal(evaluate);
  const endorsement = await failureOf(bench.raw().endorse(bench.proposal(operations, input)));
  expect(endorsement.code, `endorse: ${allText(endorsement)}`).to.equal(10);
  expect(endorsement.details, 'details of the endorsement').to.have.length.at.least(1);
  expect(endorsement.details[0]).to.include({ mspId: bench.a.mspId, address: bench.a.endpoint });
  return allText(endorsement);
}
