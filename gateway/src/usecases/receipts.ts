import type { Logger } from '../ports/logger.js';
import type { Peers } from '../ports/peers.js';
import type { ReceiptQueue, WaitingReceipt } from '../ports/receipt-queue.js';
import { delay } from './delay.js';
import { Refusal } from './refusal.js';

export interface ReceiptsOptions {
  readonly queue: ReceiptQueue;
  readonly peers: Pick<Peers, 'sendReceipt'>;
  readonly log: Logger;
  /** Epoch milliseconds. */
  readonly now: () => number;
}

const LOOK_MS = 1_000;
const RETRY_MS = 2_000;
const MOST_RETRY_MS = 600_000;
const AT_ONCE = 16;

/** Brings signed receipts to the custodians that released, at least once, from any crash: the delivery is theirs to log. */
export class Receipts {
  readonly #options: ReceiptsOptions;
  readonly #stop = new AbortController();
  readonly #underWay = new Set<string>();
  #running: Promise<void> = Promise.resolve();

  constructor(options: ReceiptsOptions) {
    this.#options = options;
  }

  start(): void {
    this.#running = this.#run();
  }

  async stop(): Promise<void> {
    this.#stop.abort();
    await this.#running;
  }

  /** Durable when it returns; it is sent at once, and nobody has to wait. */
  bring(custodian: string, jti: string, receipt: string): void {
    const { now, queue } = this.#options;
    queue.keep({ jti, custodian, receipt }, now() + RETRY_MS);
    void this.#try({ jti, custodian, receipt, attempts: 0 });
  }

  async #run(): Promise<void> {
    const { now, queue } = this.#options;
    const { signal } = this.#stop;
    while (!signal.aborted) {
      await Promise.all(queue.due(now(), AT_ONCE).map((one) => this.#try(one)));
      await delay(LOOK_MS, signal);
    }
  }

  async #try({ jti, custodian, receipt, attempts }: WaitingReceipt): Promise<void> {
    const { log, now, peers, queue } = this.#options;
    if (this.#underWay.has(jti) || this.#stop.signal.aborted) return;
    this.#underWay.add(jti);
    try {
      await peers.sendReceipt(custodian, jti, receipt);
      if (!this.#isStopped()) queue.settle(jti);
    } catch (error) {
      log.warn('receipt.not-sent', { member: custodian, attempt: attempts + 1, error });
      if (this.#isStopped()) return;
      // It is signed as it is: refused once, it is refused for good.
      if (error instanceof Refusal && error.code === 'receipt-refused') queue.settle(jti);
      else queue.retry(jti, now() + Math.min(RETRY_MS * 2 ** attempts, MOST_RETRY_MS));
    } finally {
      this.#underWay.delete(jti);
    }
  }

  #isStopped(): boolean {
    return this.#stop.signal.aborted;
  }
}
