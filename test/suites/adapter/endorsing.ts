import { expect } from 'chai';
import { Refusal } from '@consent-ledger/gateway/internal/usecases/refusal';
import { EndorsementError, type PeerMessage } from '@consent-ledger/gateway/internal/ports/ledger';
import { eventually } from '../../support/adapter/eventually.js';
import type { GatewayCore, LogLine } from '../../support/adapter/gateway-core.js';
import type { AdapterNetwork } from '../../support/adapter/network.js';
import { CUSTODY, newSubject } from '../../support/adapter/people.js';
import { RIVERSIDE, SENTINEL, WARDEN } from '../../support/adapter/topology.js';

export interface Trial {
  readonly network: () => AdapterNetwork;
  /** Riverside's. */
  readonly core: () => GatewayCore;
  /** Another one of Riverside's, on a data folder of its own, that nothing has happened to yet. */
  readonly fresh: (change?: Parameters<AdapterNetwork['configuration']>[1]) => Promise<GatewayCore>;
}

export function endorsing({ network, core, fresh }: Trial): void {
  describe('endorsement by those whom a collection needs', () => {
    it('is by the custodian and one oversight organisation, no more', async () => {
      const { transaction, block } = await core().transactions.run(newSubject(), CUSTODY);
      const endorsers = await core().endorsersIn(block, transaction);
      expect(endorsers).to.have.members([RIVERSIDE, SENTINEL]);
    });

    it('is by the other oversight organisation when one is down, and by the first when it is back', async () => {
      const { sentinel } = network().endorsers;
      const gateway = await fresh();
      await sentinel?.kill();
      try {
        for (let count = 0; count < 3; count += 1) {
          const { transaction, block } = await gateway.transactions.run(newSubject(), CUSTODY);
          expect(await gateway.endorsersIn(block, transaction)).to.have.members([RIVERSIDE, WARDEN]);
        }
        // It was asked once; nobody waits for it again and again.
        expect(gateway.lines.filter(({ event }) => event === 'ledger.not-endorsed')).to.have.length(1);
      } finally {
        await sentinel?.start();
        await gateway.close();
      }
    });

    it('waits for one that takes every call and answers none now and then, not each time', async () => {
      const { sentinel } = network().endorsers;
      const gateway = await fresh();
      sentinel?.freeze();
      try {
        await gateway.transactions.run(newSubject(), CUSTODY);
        for (let count = 0; count < 5; count += 1) await gateway.transactions.run(newSubject(), CUSTODY);
        // On Fabric the custodian's peer may choose it to hand private data to, which is found out by chance.
        const said = gateway.lines.flatMap(messagesIn).filter((message) => !message.includes('disseminat'));
        // Once, and once more if six transactions took longer than it is left alone.
        expect(said.length, said.join('; ')).to.be.within(1, 2);
      } finally {
        sentinel?.thaw();
        await gateway.close();
      }
    });

    it('goes elsewhere when one computes something else, or refuses what the custodian does not', async () => {
      const { sentinel } = network().endorsers;
      for (const lie of ['writes-more', 'refuses'] as const) {
        await sentinel?.kill();
        await sentinel?.start(lie);
        const gateway = await fresh();
        try {
          const { transaction, block } = await gateway.transactions.run(newSubject(), CUSTODY);
          expect(await gateway.endorsersIn(block, transaction), lie).to.have.members([RIVERSIDE, WARDEN]);
        } finally {
          await gateway.close();
          await sentinel?.kill();
          await sentinel?.start();
        }
      }
    });

    it('is refused with every peer’s message for the log, none for the caller, and nothing is left open', async () => {
      const { sentinel, warden } = network().endorsers;
      const gateway = await fresh();
      await Promise.all([sentinel?.kill(), warden?.kill()]);
      try {
        const refusal = await refusalOf(gateway.transactions.run(newSubject(), CUSTODY));
        expect(refusal.code).to.equal('ledger-unavailable');
        expect(refusal.message).to.equal('ledger-unavailable');
        const members = gateway.lines.flatMap(peersIn);
        expect(members.map(({ member }) => member)).to.include.members([SENTINEL, WARDEN]);
        for (const { message } of members) expect(message).to.match(/\w/).and.have.length.below(301);
        expect(gateway.outbox.size).to.equal(0);
      } finally {
        await Promise.all([sentinel?.start(), warden?.start()]);
        await gateway.close();
      }
    });

    it('is refused at once while nobody can endorse, and goes on by itself when somebody can', async () => {
      const { sentinel, warden } = network().endorsers;
      const gateway = await fresh();
      await Promise.all([sentinel?.kill(), warden?.kill()]);
      try {
        const refuse = (): Promise<Refusal> => refusalOf(gateway.transactions.run(newSubject(), CUSTODY));
        await eventually(async () => {
          expect((await refuse()).code).to.equal('ledger-unavailable');
          return !gateway.transactions.isOpen;
        }, 'nobody is asked any more');
        const asked = gateway.lines.length;
        const quick = await refuse();
        expect(quick.code).to.equal('ledger-unavailable');
        expect(quick.retryAfterSeconds).to.be.at.least(1);
        expect(gateway.lines.length, 'nobody was asked').to.equal(asked);
      } finally {
        await Promise.all([sentinel?.start(), warden?.start()]);
      }
      const isDone = (): Promise<boolean> =>
        gateway.transactions.run(newSubject(), CUSTODY).then(
          () => true,
          () => false,
        );
      await eventually(isDone, 'it goes on');
      await gateway.close();
    });

    it('passes on what the chaincode itself refuses, and tries nobody else for it', async () => {
      const gateway = await fresh();
      const subject = newSubject();
      await gateway.transactions.run(subject, CUSTODY);
      const again = await refusalOf(gateway.transactions.run(newSubject(subject.subject), CUSTODY));
      expect(again.code).to.equal('subject-already-registered');
      expect(gateway.lines.filter(({ event }) => event === 'ledger.not-endorsed')).to.deep.equal([]);
      await gateway.close();
    });
  });
}

function peersIn({ error }: LogLine): readonly PeerMessage[] {
  const cause = error instanceof Refusal ? error.cause : undefined;
  return cause instanceof EndorsementError ? cause.peers : [];
}

function messagesIn(line: LogLine): string[] {
  return peersIn(line).map(({ message }) => message);
}

export async function refusalOf(promise: Promise<unknown>): Promise<Refusal> {
  try {
    await promise;
  } catch (error) {
    if (error instanceof Refusal) return error;
    throw error;
  }
  throw new Error('it was not refused');
}
