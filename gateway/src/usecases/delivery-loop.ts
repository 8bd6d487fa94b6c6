import type { Logger } from '../ports/logger.js';
import type { Projection } from '../ports/projection.js';

/** What is still to be brought, durable, together with how far the ledger was read for it. */
interface Queue<Written, Waiting> {
  /** Number of blocks of which all that is to be brought is in here. */
  readonly scanned: number;
  enqueue(written: Iterable<Written>, scanned: number, now: number): void;
  /** What is to be tried by now, longest waiting first. */
  due(now: number, limit: number): readonly Waiting[];
  /** Epoch milliseconds at which the next is due; undefined where nothing waits. */
  nextDue(): number | undefined;
}

export interface DeliveryLoopOptions<Written, Waiting> {
  readonly projection: Pick<Projection, 'height' | 'pending'>;
  readonly queue: Queue<Written, Waiting>;
  /** What the projection says is to be brought, of `block` and after. */
  readonly since: (block: number) => Iterable<Written>;
  /** Tries one, and tells the queue what became of it. */
  readonly attempt: (waiting: Waiting) => Promise<void>;
  /** How many are tried at one time; default 8. */
  readonly atOnce?: number;
  /** Event that is logged when a round could not be ended; the next one is made all the same. */
  readonly interrupted: string;
  readonly now: () => number;
  readonly log: Logger;
}

const AT_ONCE = 8;
const IDLE_MS = 60_000;

/**
 * Brings what the ledger says is to be brought. What there is follows from the projection, and is taken into the queue
 * together with how far the ledger was read; so whatever is on the ledger gets there at least once, from any crash.
 */
export class DeliveryLoop<Written, Waiting> {
  readonly #options: DeliveryLoopOptions<Written, Waiting>;
  #running: Promise<void> = Promise.resolve();
  #isStopped = false;
  #wake: () => void = () => undefined;

  constructor(options: DeliveryLoopOptions<Written, Waiting>) {
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
  }

  async #run(): Promise<void> {
    const { queue, now, log, interrupted } = this.#options;
    while (!this.#stopped()) {
      const woken = new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
      try {
        this.#takeIn();
        await this.#deliver();
      } catch (error) {
        log.error(interrupted, { error });
      }
      const wait = Math.min(Math.max((queue.nextDue() ?? Infinity) - now(), 10), IDLE_MS);
      const timer = setTimeout(this.#wake, wait);
      timer.unref();
      await woken;
      clearTimeout(timer);
    }
  }

  /** A block whose values are not all there yet is read again, and what follows it, until they are. */
  #takeIn(): void {
    const { projection, queue, since, now } = this.#options;
    const { height } = projection;
    const [oldest] = projection.pending();
    if (queue.scanned >= height) return;
    queue.enqueue(since(queue.scanned), Math.min(oldest?.block ?? height, height), now());
  }

  async #deliver(): Promise<void> {
    const { queue, now, attempt, atOnce = AT_ONCE } = this.#options;
    while (!this.#stopped()) {
      const due = queue.due(now(), atOnce);
      if (due.length === 0) return;
      await Promise.all(due.map(attempt));
    }
  }

  #stopped(): boolean {
    return this.#isStopped;
  }
}
