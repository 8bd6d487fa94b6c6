import { setTimeout as sleep } from 'node:timers/promises';
import { expect } from 'chai';
import { epoch, EPOCH_KEY } from '@consent-ledger/chaincode/wire';
import type { Ledger } from '@consent-ledger/gateway/internal/ports/ledger';
import { Epochs } from '@consent-ledger/gateway/internal/usecases/epochs';
import { eventually } from '../../support/adapter/eventually.js';
import { startGatewayCore, type GatewayCore } from '../../support/adapter/gateway-core.js';
import { CUSTODY, newSubject, REGISTRY } from '../../support/adapter/people.js';
import type { Trial } from './endorsing.js';

export function epochs({ network, core, fresh }: Trial): void {
  describe('an epoch', () => {
    let sentinel: GatewayCore;
    let warden: GatewayCore;

    before(async () => {
      sentinel = await startGatewayCore(network().configuration('sentinel'));
      warden = await startGatewayCore(network().configuration('warden'));
    });
    after(async () => {
      await Promise.all([sentinel.close(), warden.close()]);
    });

    const move = async (): Promise<void> => {
      const number = numberIn(sentinel) + 1;
      await sentinel.transactions.run({ v: 1, command: 'move-epoch', number }, REGISTRY);
    };

    it('ends what was endorsed in it and held back, for ever', async () => {
      const { ledger } = core();
      await move();
      const held = await ledger.prepare(newSubject(), CUSTODY);
      await move();
      await ledger.submit(held);
      const outcome = await ledger.outcome(held.transaction, 10_000);
      expect(outcome).to.include({ valid: false, code: 'MVCC_READ_CONFLICT' });
    });

    it('does not end what is ordered in it', async () => {
      const { ledger } = core();
      const prepared = await ledger.prepare(newSubject(), CUSTODY);
      await ledger.submit(prepared);
      expect((await ledger.outcome(prepared.transaction, 10_000))?.valid).to.equal(true);
      await move();
    });

    it('may end at any moment of a transaction, and its user sees no error', async () => {
      let isFirst = true;
      const once = async (): Promise<void> => {
        if (isFirst) {
          isFirst = false;
          await move();
        }
      };
      const moments: ((ledger: Ledger) => Partial<Ledger>)[] = [
        (ledger) => ({
          prepare: async (...call) => {
            const prepared = await ledger.prepare(...call);
            await once();
            return prepared;
          },
        }),
        (ledger) => ({
          submit: async (prepared) => {
            await once();
            await ledger.submit(prepared);
          },
        }),
        (ledger) => ({
          submit: async (prepared) => {
            // Lost by the orderers, and the epoch over before it is sent again.
            if (!isFirst) await ledger.submit(prepared);
            await once();
          },
        }),
      ];
      for (const [place, moment] of moments.entries()) {
        isFirst = true;
        const gateway = await startGatewayCore(network().configuration('riverside'), (ledger) => ({
          ...ledger,
          ...moment(ledger),
        }));
        await gateway.transactions.run(newSubject(), CUSTODY, { attempts: 1 });
        expect(gateway.counts.again, `moment ${place}`).to.deep.equal({ epoch: 1 });
        expect(gateway.outbox.size).to.equal(0);
        await gateway.close();
      }
    });

    it('settles what a process left open that was killed: it is known to have failed, and may be done anew', async () => {
      const loaded = network().configuration('riverside');
      const never: Ledger['submit'] = () => new Promise(() => undefined);
      const killed = await startGatewayCore(loaded, (ledger) => ({ ...ledger, submit: never }));
      const command = newSubject();
      const intents = [`subject ${command.subject}`];
      void killed.transactions.run(command, CUSTODY, { intents }).catch(() => undefined);
      await eventually(() => killed.outbox.size === 1, 'it is kept');
      const [kept] = killed.outbox.open();
      await killed.kill();
      await move();

      const next = await startGatewayCore(loaded, (ledger) => ({ ...ledger, submit: never }));
      await eventually(() => next.outbox.size === 0, 'it is settled, and nothing was sent');
      expect(next.lines.map(({ event, transaction }) => `${event} ${transaction ?? ''}`)).to.include(
        `transaction.epoch-over ${kept?.transaction ?? ''}`,
      );
      expect(next.outbox.isOpen(intents[0] ?? '')).to.equal(false);
      await next.close();
      // And the ledger agrees: sent after all, it is not valid, and the same can be written by another transaction.
      const { ledger, transactions } = core();
      if (kept !== undefined) await ledger.submit(kept);
      expect((await ledger.outcome(kept?.transaction ?? '', 10_000))?.valid).to.equal(false);
      await transactions.run(newSubject(command.subject), CUSTODY);
    });

    it('is moved by whichever oversight organisation sees that it is due; they do not fight over it', async () => {
      const keepers = [sentinel, warden].map(
        (gateway) =>
          new Epochs({
            projection: gateway.projection,
            transactions: gateway.transactions,
            log: gateway.log,
            seconds: 1,
            isMover: true,
            now: () => Date.now(),
          }),
      );
      const before = numberIn(sentinel);
      for (const keeper of keepers) keeper.start();
      const gateway = await fresh();
      const work = Array.from({ length: 4 }, async () => {
        for (let count = 0; count < 12; count += 1) {
          await gateway.transactions.run(newSubject(), CUSTODY);
          await sleep(100);
        }
      });
      await Promise.all(work);
      await eventually(() => numberIn(sentinel) >= before + 3, 'it has moved three times');
      await Promise.all(keepers.map((keeper) => keeper.stop()));
      expect(keepers.map((keeper) => keeper.isStale)).to.deep.equal([false, false]);
      const failed = [...sentinel.lines, ...warden.lines].filter(({ event }) => event === 'epoch.not-moved');
      expect(failed).to.deep.equal([]);
      await gateway.close();
    });

    it('that nobody moves is an alarm to everybody, and keeps nobody from working', async () => {
      const gateway = await fresh();
      const watcher = new Epochs({
        projection: gateway.projection,
        transactions: gateway.transactions,
        log: gateway.log,
        seconds: 1,
        isMover: false,
        now: () => Date.now(),
      });
      watcher.start();
      await eventually(() => watcher.isStale, 'it is stale');
      await eventually(() => gateway.lines.some(({ event }) => event === 'epoch.stale'), 'somebody is told');
      await gateway.transactions.run(newSubject(), CUSTODY);
      await watcher.stop();
      await gateway.close();
    });
  });
}

function numberIn({ projection }: GatewayCore): number {
  const value = projection.publicValue(EPOCH_KEY);
  return value === undefined ? 0 : epoch.parse(JSON.parse(value.toString('utf8'))).number;
}
