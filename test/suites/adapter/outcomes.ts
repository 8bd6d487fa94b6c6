import { join } from 'node:path';
import { expect } from 'chai';
import { openOutbox } from '@consent-ledger/gateway/internal/adapters/sqlite/outbox';
import type { Ledger, Prepared } from '@consent-ledger/gateway/internal/ports/ledger';
import { eventually } from '../../support/adapter/eventually.js';
import { startGatewayCore } from '../../support/adapter/gateway-core.js';
import { CUSTODY, newSubject, REGISTRY, statementOf } from '../../support/adapter/people.js';
import { refusalOf, type Trial } from './endorsing.js';

export function outcomes({ network, fresh }: Trial): void {
  describe('a transaction whose outcome is not known', () => {
    it('that the orderers took and lost is sent again, the same bytes, until a block has it', async () => {
      const sent: Prepared[] = [];
      const gateway = await startGatewayCore(network().configuration('riverside'), (ledger) => ({
        ...ledger,
        submit: async (prepared) => {
          sent.push(prepared);
          // The first two times it is taken and never ordered, as by a leader that dies.
          if (sent.length > 2) await ledger.submit(prepared);
        },
      }));
      const { transaction } = await gateway.transactions.run(newSubject(), CUSTODY);
      expect(sent).to.have.length(3);
      for (const prepared of sent) {
        expect(prepared.transaction).to.equal(transaction);
        expect(Buffer.compare(prepared.bytes, sent[0]?.bytes ?? Buffer.alloc(0))).to.equal(0);
        expect(Buffer.compare(prepared.signature, sent[0]?.signature ?? Buffer.alloc(0))).to.equal(0);
      }
      expect(gateway.counts.again).to.deep.equal({});
      expect(gateway.outbox.size).to.equal(0);
      await gateway.close();
    });

    it('that the orderers took while they said that they did not is found by its id, and not made twice', async () => {
      let submitted = 0;
      const gateway = await startGatewayCore(network().configuration('riverside'), (ledger) => ({
        ...ledger,
        submit: async (prepared) => {
          submitted += 1;
          await ledger.submit(prepared);
          throw new Error('the connection broke before the answer');
        },
      }));
      const { transaction, block } = await gateway.transactions.run(newSubject(), CUSTODY);
      expect((await gateway.ledger.outcome(transaction, 5_000))?.block).to.equal(block);
      expect(submitted).to.equal(1);
      await gateway.close();
    });

    it('is told as unknown to who waits for it, is settled later, and is no new transaction meanwhile', async () => {
      let isLosing = true;
      let proposed = 0;
      const loaded = network().configuration('riverside', (input) => ({
        ...input,
        deadlines: { commitMs: 1_000 },
      }));
      const gateway = await startGatewayCore(loaded, (ledger) => ({
        ...ledger,
        prepare: (...call) => {
          proposed += 1;
          return ledger.prepare(...call);
        },
        submit: (prepared) => (isLosing ? Promise.resolve() : ledger.submit(prepared)),
      }));
      const command = newSubject();
      const intent = `subject ${command.subject}`;
      const refusal = await refusalOf(gateway.transactions.run(command, CUSTODY, { intents: [intent] }));
      expect(refusal.code).to.equal('outcome-unknown');
      expect(gateway.outbox.isOpen(intent)).to.equal(true);
      isLosing = false;
      await eventually(() => gateway.outbox.size === 0, 'it is settled');
      expect(gateway.outbox.isOpen(intent)).to.equal(false);
      expect(proposed).to.equal(1);
      // It was valid: the subject is there.
      expect((await refusalOf(gateway.transactions.run(newSubject(command.subject), CUSTODY))).code).to.equal(
        'subject-already-registered',
      );
      await gateway.close();
    });

    it('was kept and never sent when the process was killed: the next process sends it', async () => {
      const loaded = network().configuration('riverside');
      const never: Ledger['submit'] = () => new Promise(() => undefined);
      const killed = await startGatewayCore(loaded, (ledger) => ({ ...ledger, submit: never }));
      const command = newSubject();
      void killed.transactions.run(command, CUSTODY).catch(() => undefined);
      await eventually(() => killed.outbox.size === 1, 'it is kept');
      const [kept] = killed.outbox.open();
      await killed.kill();

      const next = await startGatewayCore(loaded);
      await eventually(() => next.outbox.size === 0, 'it is settled');
      expect(next.counts.resent).to.equal(1);
      const outcome = await next.ledger.outcome(kept?.transaction ?? '', 5_000);
      expect(outcome?.valid).to.equal(true);
      await next.close();
    });

    it('was in a block already when the process was killed: the next one finds it there and sends nothing', async () => {
      const loaded = network().configuration('riverside');
      const killed = await startGatewayCore(loaded);
      const { transaction } = await killed.transactions.run(newSubject(), CUSTODY);
      await killed.kill();
      const left = openOutbox(join(loaded.configuration.dataDirectory, 'outbox.db'));
      const open = left.open().map((one) => one.transaction);
      expect(open, 'that it is settled was not written yet').to.include(transaction);
      let submitted = 0;
      const next = await startGatewayCore(loaded, (ledger) => ({
        ...ledger,
        // Only the blocks tell.
        outcome: () => Promise.resolve(undefined),
        submit: (prepared) => {
          submitted += 1;
          return ledger.submit(prepared);
        },
      }));
      await eventually(() => next.outbox.size === 0, 'it is settled');
      expect(submitted).to.equal(0);
      await next.close();
    });
  });

  describe('a conflict', () => {
    it('is proposed afresh until all that met there are valid, each once', async () => {
      const gateway = await fresh();
      const command = newSubject();
      // All of them read and write the same key, so of those in one block one is valid.
      const all = await Promise.allSettled(
        Array.from({ length: 6 }, () => gateway.transactions.run(newSubject(command.subject), CUSTODY)),
      );
      const done = all.filter(({ status }) => status === 'fulfilled');
      expect(done).to.have.length(1);
      for (const one of all) {
        if (one.status === 'rejected') {
          expect((one.reason as { code?: string }).code).to.equal('subject-already-registered');
        }
      }
      expect(gateway.counts.again['conflict'] ?? 0, 'they really met').to.be.greaterThan(0);
      await gateway.close();
    });

    it('that never ends is told as one, after no more proposals than were allowed', async () => {
      const loaded = network().configuration('riverside');
      let proposed = 0;
      const gateway = await startGatewayCore(loaded, (ledger) => ({
        ...ledger,
        // Somebody else is always first.
        prepare: async (command, audience, options) => {
          proposed += 1;
          const prepared = await ledger.prepare(command, audience, options);
          await ledger.submit(await ledger.prepare(command, audience, options));
          return prepared;
        },
      }));
      const command = statementOf(loaded);
      const refusal = await refusalOf(
        gateway.transactions.run(command, REGISTRY, { as: 'admin', attempts: 3 }),
      );
      expect(refusal.code).to.equal('ledger-conflict');
      expect(proposed).to.equal(3);
      expect(gateway.counts.again).to.deep.equal({ conflict: 2 });
      expect(gateway.outbox.size).to.equal(0);
      await gateway.close();
    });
  });
}
