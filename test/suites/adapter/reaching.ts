import { setTimeout as sleep } from 'node:timers/promises';
import { expect } from 'chai';
import { eventually } from '../../support/adapter/eventually.js';
import { startGatewayCore } from '../../support/adapter/gateway-core.js';
import { CUSTODY, newSubject } from '../../support/adapter/people.js';
import { TcpProxy } from '../../support/adapter/tcp-proxy.js';
import { refusalOf, type Trial } from './endorsing.js';

/** What refuses quickly has asked nobody: no deadline of a call is shorter. */
const QUICK_MS = 200;

export function reaching({ network }: Trial): void {
  describe('a peer that cannot be reached', () => {
    it('is no reason to wait: after some seconds calls are refused at once, and served when it is back', async () => {
      const proxy = await TcpProxy.to(network().peerOf('riverside'));
      const gateway = await startGatewayCore(throughProxies(proxy));
      await gateway.transactions.run(newSubject(), CUSTODY);
      await proxy.cut();
      await eventually(() => !canReach(gateway), 'it is known to be out of reach');
      const began = performance.now();
      const refusal = await refusalOf(gateway.transactions.run(newSubject(), CUSTODY));
      expect(refusal.code).to.equal('ledger-unavailable');
      expect(performance.now() - began).to.be.lessThan(QUICK_MS);
      expect(gateway.outbox.size, 'nothing was begun').to.equal(0);
      await proxy.mend();
      await eventually(() => canReach(gateway), 'it is reached again');
      await gateway.transactions.run(newSubject(), CUSTODY);
      await gateway.close();
      await proxy.cut();
    });

    it('is noticed by its silence, when the connection stays and nothing comes any more', async () => {
      const proxy = await TcpProxy.to(network().peerOf('riverside'));
      const gateway = await startGatewayCore(throughProxies(proxy));
      proxy.freeze();
      const hanging = refusalOf(gateway.transactions.run(newSubject(), CUSTODY));
      await eventually(() => gateway.chain.state === 'connecting', 'the silence is noticed');
      expect((await hanging).code).to.equal('ledger-unavailable');
      await eventually(() => !canReach(gateway), 'it is known to be out of reach');
      const began = performance.now();
      expect((await refusalOf(gateway.transactions.run(newSubject(), CUSTODY))).code).to.equal(
        'ledger-unavailable',
      );
      expect(performance.now() - began).to.be.lessThan(QUICK_MS);
      proxy.thaw();
      await eventually(() => gateway.chain.state === 'following', 'it is followed again');
      await gateway.transactions.run(newSubject(), CUSTODY);
      await gateway.close();
      await proxy.cut();
    });

    it('makes way for another peer of the own organisation, and nobody sees an error', async () => {
      const [first, second] = await Promise.all([
        TcpProxy.to(network().peerOf('riverside')),
        TcpProxy.to(network().peerOf('riverside')),
      ]);
      const gateway = await startGatewayCore(throughProxies(first, second));
      await gateway.transactions.run(newSubject(), CUSTODY);
      await first.cut();
      for (let count = 0; count < 3; count += 1) await gateway.transactions.run(newSubject(), CUSTODY);
      await first.mend();
      await second.cut();
      for (let count = 0; count < 3; count += 1) await gateway.transactions.run(newSubject(), CUSTODY);
      await gateway.close();
      await first.cut();
    });

    it('may be slow: everything is later, and nothing is wrong', async () => {
      const proxy = await TcpProxy.to(network().peerOf('riverside'));
      proxy.delayMs = 300;
      const gateway = await startGatewayCore(throughProxies(proxy));
      await Promise.all(Array.from({ length: 5 }, () => gateway.transactions.run(newSubject(), CUSTODY)));
      expect(gateway.outbox.size).to.equal(0);
      await gateway.close();
      await proxy.cut();
    });

    it('loses no transaction when it is cut off again and again', async () => {
      const proxy = await TcpProxy.to(network().peerOf('riverside'));
      const gateway = await startGatewayCore(throughProxies(proxy));
      const done: string[] = [];
      let isCutting = true;
      const work = Array.from({ length: 4 }, async () => {
        while (isCutting) {
          await gateway.transactions.run(newSubject(), CUSTODY).then(
            ({ transaction }) => done.push(transaction),
            () => sleep(20),
          );
        }
      });
      for (let cuts = 0; cuts < 4; cuts += 1) {
        await sleep(700);
        await proxy.cut();
        await proxy.mend();
      }
      isCutting = false;
      await Promise.all(work);
      await eventually(() => gateway.outbox.size === 0, 'all is settled');
      expect(done.length).to.be.greaterThan(0);
      for (const transaction of done) {
        const isValid = async (): Promise<boolean> => {
          const outcome = await gateway.ledger.outcome(transaction, 5_000).catch(() => undefined);
          return outcome?.valid === true;
        };
        await eventually(isValid, `${transaction} is valid`);
      }
      await gateway.close();
      await proxy.cut();
    });
  });

  function throughProxies(first: TcpProxy, ...others: TcpProxy[]): ReturnType<typeof configured> {
    return configured(first, others);
  }

  function configured(first: TcpProxy, others: readonly TcpProxy[]) {
    return network().configuration('riverside', (input) => {
      const peerAt = ({ address }: TcpProxy) => ({ ...input.ledger.peer, address });
      return {
        ...input,
        ledger: {
          ...input.ledger,
          keepaliveSeconds: 5,
          peer: peerAt(first),
          otherPeers: others.map(peerAt),
        },
      };
    });
  }
}

function canReach({ transactions }: Awaited<ReturnType<typeof startGatewayCore>>): boolean {
  try {
    transactions.requireLedger(CUSTODY);
    return true;
  } catch {
    return false;
  }
}
