import { setTimeout as sleep } from 'node:timers/promises';
import type { Ledger, LedgerBlock } from '@consent-ledger/gateway/internal/ports/ledger';

/** What the own peer does that is slow, or has not got everything yet. */
export interface Mood {
  /** Each block comes so much later, milliseconds. */
  lagMs: number;
  /** Private values do not come at all, as while a peer fetches them from others. */
  isWithholding: boolean;
  /** Each block comes twice, and the one before it once more. */
  isRepeating: boolean;
}

export function moody(ledger: Ledger, mood: Mood): Ledger {
  const told = (block: LedgerBlock): LedgerBlock =>
    mood.isWithholding
      ? { ...block, transactions: block.transactions.map((one) => ({ ...one, private: [] })) }
      : block;
  return {
    query: (...call) => ledger.query(...call),
    prepare: (...call) => ledger.prepare(...call),
    submit: (...call) => ledger.submit(...call),
    outcome: (...call) => ledger.outcome(...call),
    height: () => ledger.height(),
    async *follow(from, signal) {
      let former: LedgerBlock | undefined;
      for await (const block of ledger.follow(from, signal)) {
        if (mood.lagMs > 0) await sleep(mood.lagMs);
        yield told(block);
        if (mood.isRepeating) yield told(block);
        if (mood.isRepeating && former !== undefined) yield told(former);
        former = block;
      }
    },
    block: async (number) => told(await ledger.block(number)),
  };
}
