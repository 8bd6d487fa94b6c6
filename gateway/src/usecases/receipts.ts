import type { Logger } from '../ports/logger.js';
import type { Peers } from '../ports/peers.js';
import type { ReceiptQueue, WaitingReceipt } from '../ports/receipt-queue.js';
import { DeliveryLoop } from './delivery-loop.js';
import { Refusal } from './refusal.js';

export interface ReceiptsOptions {
  readonly queue: ReceiptQueue;
  readonly peers: Pick<Peers, 'sendReceipt'>;
  readonly log: Logger;
  /** Epoch milliseconds. */
  readonly now: () => number;
}

const RETRY_MS = 2_000;
const AT_ONCE = 16;

/** Brings signed receipts to the custodians that released, at least once, from any crash: the delivery is theirs to log. */
export class Receipts {
  readonly #options: ReceiptsOptions;
  readonly #loop: DeliveryLoop<WaitingReceipt>;

  constructor(options: ReceiptsOptions) {
    this.#options = options;
    const { queue, peers, now, log } = options;
    this.#loop = new DeliveryLoop({
      queue,
      keyOf: ({ jti }) => jti,
      bring: ({ custodian, jti, receipt }) => peers.sendReceipt(custodian, jti, receipt),
      // It is signed as it is: refused once, it is refused for good.
      isFinal: (error) => error instanceof Refusal && error.code === 'receipt-refused',
      events: {
        failed: 'receipt.not-sent',
        givenUp: 'receipt.given-up',
        interrupted: 'receipts.interrupted',
      },
      fieldsOf: ({ custodian }) => ({ member: custodian }),
      retryMs: RETRY_MS,
      atOnce: AT_ONCE,
      now,
      log,
    });
  }

  start(): void {
    this.#loop.start();
  }

  /** Lets what is under way end. */
  stop(): Promise<void> {
    return this.#loop.stop();
  }

  /** Durable when it returns; it is sent at once, and nobody has to wait. */
  bring(custodian: string, jti: string, receipt: string): void {
    const { now, queue } = this.#options;
    queue.keep({ jti, custodian, receipt }, now());
    this.#loop.look();
  }
}
