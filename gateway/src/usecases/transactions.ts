import type { Command } from '@consent-ledger/chaincode/wire';
import type { Audience, Ledger, Prepared, Settled } from '../ports/ledger.js';
import type { Logger } from '../ports/logger.js';
import type { Outbox } from '../ports/outbox.js';
import type { Chain } from './chain.js';
import { delay, within } from './delay.js';
import { Refusal } from './refusal.js';

export interface TransactionsOptions {
  readonly ledger: Ledger;
  readonly chain: Chain;
  readonly outbox: Outbox;
  readonly log: Logger;
  /** How long one waits for a block with the transaction, milliseconds. */
  readonly commitMs: number;
  readonly onSettled: (code: string, seconds: number) => void;
}

/** A transaction that is valid on the own peer and folded into the projection. */
export interface Committed {
  readonly transaction: string;
  readonly block: number;
}

export interface RunOptions {
  /** What the transaction is for (outbox). */
  readonly intents?: readonly string[];
  readonly as?: 'client' | 'admin';
  /** How often it is proposed when something else was written first; default 5. */
  readonly attempts?: number;
}

const CONFLICTS = new Set(['MVCC_READ_CONFLICT', 'PHANTOM_READ_CONFLICT']);
const RESEND_MS = 2_000;
const ASK_MS = 1_000;
const RETRY_MS = [10, 30, 100, 300];

/** Brings commands onto the ledger, and never loses sight of one that was sent. */
export class Transactions {
  readonly #options: TransactionsOptions;
  readonly #stop = new AbortController();
  readonly #fresh = new Set<string>();
  #resending: Promise<void> = Promise.resolve();

  constructor(options: TransactionsOptions) {
    this.#options = options;
  }

  start(): void {
    this.#resending = this.#resend();
  }

  async stop(): Promise<void> {
    this.#stop.abort();
    await this.#resending;
  }

  /**
   * Endorses, sends and waits until the own peer has it as valid. Throws a Refusal: chaincode's own; `ledger-conflict`
   * when something else was written first each time; `outcome-unknown` when it was sent and no block shows it yet.
   */
  async run(command: Command, audience: Audience, options: RunOptions = {}): Promise<Committed> {
    const attempts = options.attempts ?? 5;
    for (let attempt = 1; ; attempt += 1) {
      try {
        return await this.#runOnce(command, audience, options);
      } catch (error) {
        const mayHelp = error instanceof Refusal && error.code === 'ledger-conflict';
        if (!mayHelp || attempt >= attempts) throw error;
        await delay(RETRY_MS[Math.min(attempt, RETRY_MS.length) - 1] ?? 300, this.#stop.signal);
      }
    }
  }

  async #runOnce(command: Command, audience: Audience, options: RunOptions): Promise<Committed> {
    const { ledger, chain, outbox, onSettled } = this.#options;
    const prepared = await ledger.prepare(command, audience, options.as);
    const began = performance.now();
    const watch = chain.watch(prepared.transaction);
    this.#fresh.add(prepared.transaction);
    try {
      outbox.keep(prepared, options.intents ?? []);
      await this.#send(prepared);
      const settled = await within(watch.settled, this.#options.commitMs);
      if (settled === undefined) throw new Refusal('outcome-unknown');
      onSettled(settled.code, (performance.now() - began) / 1000);
      return this.#committed(prepared.transaction, settled);
    } finally {
      watch.forget();
      this.#fresh.delete(prepared.transaction);
    }
  }

  #committed(transaction: string, { valid, code, block }: Settled): Committed {
    if (valid) return { transaction, block };
    if (CONFLICTS.has(code)) throw new Refusal('ledger-conflict');
    this.#options.log.error('transaction.invalid', { transaction, block, code });
    throw new Refusal('ledger-unavailable');
  }

  /** A failed submission says nothing: an orderer may have taken it all the same. The outbox sends it again. */
  async #send(prepared: Prepared): Promise<void> {
    try {
      await this.#options.ledger.submit(prepared);
    } catch (error) {
      this.#options.log.warn('transaction.not-acknowledged', { transaction: prepared.transaction, error });
      this.#fresh.delete(prepared.transaction);
    }
  }

  /** Asks the own peer for whatever is open and was not sent just now; what it has not heard of is sent again, as it was. */
  async #resend(): Promise<void> {
    const { ledger, outbox, log } = this.#options;
    const signal = this.#stop.signal;
    while (!signal.aborted) {
      for (const prepared of outbox.size === 0 ? [] : outbox.open()) {
        if (this.#fresh.has(prepared.transaction)) continue;
        try {
          const settled = await ledger.outcome(prepared.transaction, ASK_MS);
          if (settled === undefined) await ledger.submit(prepared);
          else await this.#settleLate(prepared.transaction, settled);
        } catch (error) {
          log.warn('outbox.not-settled', { transaction: prepared.transaction, error });
        }
      }
      await delay(RESEND_MS, signal);
    }
  }

  /** Whoever waits is told only when the projection has the block, too. */
  async #settleLate(transaction: string, settled: Settled): Promise<void> {
    await this.#options.chain.reached(settled.block + 1, this.#options.commitMs);
    this.#options.chain.settle(transaction, settled);
  }
}
