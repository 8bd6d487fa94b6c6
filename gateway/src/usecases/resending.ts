import type { Ledger, Prepared, Settled } from '../ports/ledger.js';
import type { Logger } from '../ports/logger.js';
import type { Outbox } from '../ports/outbox.js';
import type { Chain } from './chain.js';
import { delay } from './delay.js';

export interface ResendingOptions {
  readonly ledger: Ledger;
  readonly chain: Chain;
  readonly outbox: Outbox;
  readonly log: Logger;
  readonly commitMs: number;
  /** A transaction was sent once more. */
  readonly onResent: () => void;
}

/**
 * Blocks are made several times a second; what is in none after this was lost, such as with a leader that died. If it was not, a second copy
 * is ordered, which is invalid.
 */
const FIRST_MS = 2_000;
/** After a restart, and when nobody took it: soon. */
const SOON_MS = 300;
const MOST_MS = 15_000;
const TICK_MS = 200;
const ASK_MS = 500;
const AT_ONCE = 16;

interface Waiting {
  readonly prepared: Prepared;
  readonly due: number;
  readonly pauseMs: number;
}

/**
 * Asks for transactions that are in no block yet, by their ids, and sends what the own peer has not heard of again: the same bytes, so that
 * there is at most one. An orderer that took a transaction may lose it, and one that refused it may have taken it.
 */
export class Resending {
  readonly #options: ResendingOptions;
  readonly #stop = new AbortController();
  readonly #waiting = new Map<string, Waiting>();
  #running: Promise<void> = Promise.resolve();

  constructor(options: ResendingOptions) {
    this.#options = options;
  }

  start(): void {
    for (const prepared of this.#options.outbox.open()) this.#wait(prepared, SOON_MS);
    this.#running = this.#run();
  }

  async stop(): Promise<void> {
    this.#stop.abort();
    await this.#running;
  }

  /** It is about to be handed to the orderers. */
  sending(prepared: Prepared): void {
    this.#wait(prepared, FIRST_MS);
  }

  /** The orderers did not take it, as far as one can tell. */
  refused(prepared: Prepared): void {
    if (this.#waiting.has(prepared.transaction)) this.#wait(prepared, SOON_MS);
  }

  settled(transaction: string): void {
    this.#waiting.delete(transaction);
  }

  #wait(prepared: Prepared, pauseMs: number): void {
    const due = performance.now() + pauseMs * (0.75 + Math.random() / 2);
    this.#waiting.set(prepared.transaction, { prepared, due, pauseMs });
  }

  async #run(): Promise<void> {
    const { signal } = this.#stop;
    while (!signal.aborted) {
      await delay(TICK_MS, signal);
      // Without a peer there is nobody to ask; its blocks may settle what is open when it is back.
      if (this.#options.chain.state !== 'following') continue;
      const due = [...this.#waiting.values()].filter((one) => one.due <= performance.now());
      await Promise.all(due.slice(0, AT_ONCE).map((one) => this.#resend(one)));
    }
  }

  async #resend({ prepared, pauseMs }: Waiting): Promise<void> {
    const { ledger, log, onResent } = this.#options;
    const { transaction } = prepared;
    try {
      const settled = await ledger.outcome(transaction, ASK_MS);
      if (settled !== undefined) {
        await this.#settleLate(transaction, settled);
        return;
      }
      if (!this.#waiting.has(transaction)) return;
      onResent();
      log.info('transaction.resent', { transaction });
      await ledger.submit(prepared);
    } catch (error) {
      log.warn('transaction.not-settled', { transaction, error });
    }
    if (this.#waiting.has(transaction)) this.#wait(prepared, Math.min(2 * pauseMs, MOST_MS));
  }

  /** Whoever waits is told only when the projection has the block, too. */
  async #settleLate(transaction: string, settled: Settled): Promise<void> {
    await this.#options.chain.reached(settled.block + 1, this.#options.commitMs);
    this.#options.chain.settle(transaction, settled);
  }
}
