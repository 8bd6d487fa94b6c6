interface Weighed<Value> {
  readonly value: Value;
  readonly weight: number;
  /** How many had been put in when this was last put at the end. */
  moved: number;
}

/** A cache that keeps what was used last, up to a sum of weights. */
export class Lru<Value> {
  /** A Map keeps the order in which keys were put in: the first is the one that was used longest ago. */
  readonly #entries = new Map<string, Weighed<Value>>();
  #weight = 0;
  #puts = 0;

  /** @param onDrop is told what goes because there is no room */
  constructor(
    private readonly capacity: number,
    private readonly onDrop: (key: string, value: Value) => void = () => undefined,
  ) {}

  get(key: string): Value | undefined {
    const found = this.#entries.get(key);
    if (found === undefined) return undefined;
    // Who goes first is settled when something is put in: until then, what was used is as good at the end as it is.
    if (found.moved !== this.#puts) {
      found.moved = this.#puts;
      this.#entries.delete(key);
      this.#entries.set(key, found);
    }
    return found.value;
  }

  set(key: string, value: Value, weight = 1): void {
    this.delete(key);
    this.#puts += 1;
    this.#entries.set(key, { value, weight, moved: this.#puts });
    this.#weight += weight;
    for (const [oldest, gone] of this.#entries) {
      if (this.#weight <= this.capacity) return;
      this.delete(oldest);
      this.onDrop(oldest, gone.value);
    }
  }

  delete(key: string): void {
    const found = this.#entries.get(key);
    if (found === undefined) return;
    this.#entries.delete(key);
    this.#weight -= found.weight;
  }
}
