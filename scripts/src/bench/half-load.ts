import { setTimeout as sleep } from 'node:timers/promises';
import { Batcher } from '@consent-ledger/gateway/internal/usecases/batcher';
import type { CustodianLedger } from './custodian-ledger.js';
import type { Ask } from './decisions.js';
import type { Person } from './population.js';

/** As a gateway is configured unless told otherwise. */
const LIMITS = { size: 100, waitMs: 5, waitsLonger: true, inFlight: 8, waiting: 10_000 } as const;

/**
 * Milliseconds from the arrival of each request to its commit on the own peer, where `perSecond` of them arrive, one at a
 * time, and are batched as a gateway does it.
 */
export async function latenciesAt(
  perSecond: number,
  seconds: number,
  { ledger, ask, people }: { ledger: CustodianLedger; ask: Ask; people: readonly Person[] },
): Promise<number[]> {
  const requests = Array.from(
    { length: Math.max(20, Math.round(perSecond * seconds)) },
    (_, index) => ask(people[index % people.length]?.records ?? []).jws,
  );
  const batcher = new Batcher<string, true>({
    ...LIMITS,
    overflow: () => new Error('more requests wait than a gateway lets wait'),
    run: async (jwss) => {
      await ledger.apply({ command: 'decide', requests: [...jwss] });
      return jwss.map(() => true);
    },
  });
  const samples: number[] = [];
  const started = performance.now();
  await Promise.all(
    requests.map(async (jws, index) => {
      const due = started + (index * 1_000) / perSecond;
      await sleep(Math.max(0, due - performance.now()));
      await batcher.add(jws);
      samples.push(performance.now() - due);
    }),
  );
  return samples;
}
