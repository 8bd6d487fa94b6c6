/** Collects calls into batches: a batch goes when it is full, or so many milliseconds after its first call. */
export interface BatcherOptions<Item, Result> {
  readonly size: number;
  readonly waitMs: number;
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
  readonly resolve: (result: Result) => void;
  readonly reject: (error: unknown) => void;
}

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
      this.#queue.push({ item, resolve, reject });
      if (this.#queue.length >= this.#options.size) this.#dispatch();
      else
        this.#timer ??= setTimeout(() => {
          this.#dispatch();
        }, this.#options.waitMs);
    });
  }

  #dispatch(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    while (this.#queue.length > 0 && this.#running < this.#options.inFlight) {
      const batch = this.#queue.splice(0, this.#options.size);
      this.#running += 1;
      void this.#run(batch);
    }
  }

  async #run(batch: readonly Waiting<Item, Result>[]): Promise<void> {
    try {
      const results = await this.#options.run(batch.map(({ item }) => item));
      batch.forEach(({ resolve, reject }, index) => {
        const result = results[index];
        if (result === undefined) reject(new Error('a batch gave fewer results than it had items'));
        else resolve(result);
      });
    } catch (error) {
      for (const { reject } of batch) reject(error);
    } finally {
      this.#running -= 1;
      this.#dispatch();
    }
  }
}
