import type { DeliveryQueue, LedgerFed, Tried } from '../ports/delivery-queue.js';
import type { LogFields, Logger } from '../ports/logger.js';
import type { Projection } from '../ports/projection.js';

export interface DeliveryLoopOptions<Waiting extends Tried> {
  readonly queue: DeliveryQueue<Waiting>;
  /** Takes what is new into the queue; asked before each round. */
  readonly takeIn?: () => void;
  /** Brings one; whatever it throws is tried again, unless it is final. */
  readonly bring: (waiting: Waiting) => Promise<void>;
  /** Two that are the same are never under way at one time. */
  readonly keyOf: (waiting: Waiting) => string;
  /** Default: nothing is. */
  readonly isFinal?: (error: unknown, waiting: Waiting) => boolean;
  /** Names of the events that are logged: of one that is tried again, of one that is not, of a round that could not be ended. */
  readonly events: { readonly failed: string; readonly givenUp?: string; readonly interrupted: string };
  readonly fieldsOf?: (waiting: Waiting) => LogFields;
  /** Before the second attempt, milliseconds; twice as long each time up to `mostRetryMs`. */
  readonly retryMs?: number;
  readonly mostRetryMs?: number;
  /** How many are under way at one time; default 8. */
  readonly atOnce?: number;
  readonly now: () => number;
  readonly log: Logger;
}

const AT_ONCE = 8;
const RETRY_MS = 1_000;
const MOST_RETRY_MS = 600_000;
const IDLE_MS = 60_000;
const INTERRUPTED_MS = 1_000;

/**
 * Brings what stands in a durable queue, at least once, from any crash, waiting longer after each failure. One that takes long holds
 * up no other.
 */
export class DeliveryLoop<Waiting extends Tried> {
  readonly #options: DeliveryLoopOptions<Waiting>;
  readonly #underWay = new Map<string, Promise<void>>();
  #running: Promise<void> = Promise.resolve();
  #isStopped = false;
  #wake: () => void = () => undefined;

  constructor(options: DeliveryLoopOptions<Waiting>) {
    this.#options = options;
  }

  start(): void {
    this.#running = this.#run();
  }

  /** There may be something new: a block was folded, or something waits. */
  look(): void {
    this.#wake();
  }

  /** Lets what is under way end. */
  async stop(): Promise<void> {
    this.#isStopped = true;
    this.#wake();
    await this.#running;
    await Promise.all(this.#underWay.values());
  }

  async #run(): Promise<void> {
    const { log, events } = this.#options;
    while (!this.#stopped()) {
      const woken = new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
      let wait = INTERRUPTED_MS;
      try {
        this.#options.takeIn?.();
        wait = this.#begin();
      } catch (error) {
        log.error(events.interrupted, { error });
      }
      const timer = setTimeout(this.#wake, wait);
      timer.unref();
      await woken;
      clearTimeout(timer);
    }
  }

  /** Begins what is due, and says in how many milliseconds there is something to do if nobody wakes it. */
  #begin(): number {
    const { queue, now, keyOf, atOnce = AT_ONCE } = this.#options;
    for (const waiting of queue.next(this.#underWay.size + atOnce)) {
      const key = keyOf(waiting);
      if (this.#underWay.has(key)) continue;
      const wait = waiting.due - now();
      // Whatever ends wakes.
      if (this.#underWay.size >= atOnce) return IDLE_MS;
      if (wait > 0) return Math.min(wait, IDLE_MS);
      this.#underWay.set(key, this.#try(key, waiting));
    }
    return IDLE_MS;
  }

  async #try(key: string, waiting: Waiting): Promise<void> {
    const { queue, bring, now, log, events } = this.#options;
    let pause = 0;
    try {
      await bring(waiting).then(
        () => {
          queue.settle(waiting, now());
        },
        (error: unknown) => {
          this.#failed(waiting, error);
        },
      );
    } catch (error) {
      // The queue could not be written to: it is brought again, but not at once.
      log.error(events.interrupted, { error });
      pause = INTERRUPTED_MS;
    }
    const free = (): void => {
      this.#underWay.delete(key);
      this.#wake();
    };
    if (pause === 0) free();
    else setTimeout(free, pause).unref();
  }

  #failed(waiting: Waiting, error: unknown): void {
    const { queue, isFinal, events, fieldsOf, now, log } = this.#options;
    const { retryMs = RETRY_MS, mostRetryMs = MOST_RETRY_MS } = this.#options;
    const fields = { ...fieldsOf?.(waiting), attempt: waiting.attempts + 1, error };
    if (isFinal?.(error, waiting) === true) {
      log.error(events.givenUp ?? events.failed, fields);
      queue.giveUp(waiting, now());
      return;
    }
    log.warn(events.failed, fields);
    queue.retry(waiting, now() + Math.min(retryMs * 2 ** waiting.attempts, mostRetryMs));
  }

  #stopped(): boolean {
    return this.#isStopped;
  }
}

/**
 * Takes what the projection says is to be brought into the queue, together with how far the ledger was read; so whatever is on the ledger
 * gets there. A block whose values are not all there yet is read again, and what follows it, until they are.
 */
export function fromLedger<Written>(
  projection: Pick<Projection, 'height' | 'pending'>,
  queue: LedgerFed<Written>,
  since: (block: number) => Iterable<Written>,
  now: () => number,
): () => void {
  return () => {
    const { height } = projection;
    const [oldest] = projection.pending();
    if (queue.scanned >= height) return;
    queue.enqueue(since(queue.scanned), Math.min(oldest?.block ?? height, height), now());
  };
}
