/**
 * Collects calls into batches: a batch goes when it is full, or so many milliseconds after its first call came. Where `waitsLonger` is set,
 * that wait doubles with each batch under way, up to 80 ms: with an idle ledger nobody waits for company, and a busy one gets few large
 * transactions, not many small ones that would cost more than what they carry.
 */
export interface BatcherOptions<Item, Result> {
  readonly size: number;
  readonly waitMs: number;
  readonly waitsLonger?: true;
  /** Batches under way at one time; calls wait beyond that. */
  readonly inFlight: number;
  /** Calls that may wait; one more is refused by what `overflow` makes. */
  readonly waiting: number;
  readonly overflow: () => Error;
  /** One result for each item, in their order; what it throws, every call of the batch throws. */
  readonly run: (items: readonly Item[]) => Promise<readonly Result[]>;
}

interface Waiting<Item, Result> {
  readonly item: Item;
  /** When it came, by the monotonic clock. */
  readonly since: number;
  readonly resolve: (result: Result) => void;
  readonly reject: (error: unknown) => void;
}

/** Below a block's interval, so that waiting never costs more than one block. */
const LONGEST_MS = 80;

export class Batcher<Item, Result> {
  readonly #options: BatcherOptions<Item, Result>;
  #queue: Waiting<Item, Result>[] = [];
  #timer: NodeJS.Timeout | undefined;
  #running = 0;

  constructor(options: BatcherOptions<Item, Result>) {
    this.#options = options;
  }

  get waiting(): number {
    return this.#queue.length;
  }

  add(item: Item): Promise<Result> {
    if (this.#queue.length >= this.#options.waiting) return Promise.reject(this.#options.overflow());
    return new Promise<Result>((resolve, reject) => {
      this.#queue.push({ item, since: performance.now(), resolve, reject });
      if (this.#queue.length >= this.#options.size) this.#dispatch();
      else if (this.#running < this.#options.inFlight) this.#timer ??= this.#later(this.#waitMs());
    });
  }

  /** Starts what is due, and comes back when the next is. */
  #dispatch(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    const { inFlight, size } = this.#options;
    while (this.#running < inFlight) {
      const [first] = this.#queue;
      if (first === undefined) return;
      const wait = this.#queue.length >= size ? 0 : first.since + this.#waitMs() - performance.now();
      if (wait > 0) {
        this.#timer = this.#later(wait);
        return;
      }
      this.#running += 1;
      void this.#run(this.#queue.splice(0, size));
    }
  }

  #later(ms: number): NodeJS.Timeout {
    return setTimeout(() => {
      this.#dispatch();
    }, ms);
  }

  #waitMs(): number {
    const { waitMs, waitsLonger } = this.#options;
    return waitsLonger === true
      ? Math.max(waitMs, Math.min(LONGEST_MS, waitMs * 2 ** this.#running))
      : waitMs;
  }

  async #run(batch: readonly Waiting<Item, Result>[]): Promise<void> {
    try {
      const results = await this.#options.run(batch.map(({ item }) => item));
      batch.forEach(({ resolve, reject }, index) => {
        // By the number of results, since undefined may be one.
        if (index < results.length) resolve(results[index] as Result);
        else reject(new Error('a batch gave fewer results than it had items'));
      });
    } catch (error) {
      for (const { reject } of batch) reject(error);
    } finally {
      this.#running -= 1;
      this.#dispatch();
    }
  }
}
