/**
 * A bounded cache that forgets what was not asked for lately. Entries live in a young and an old generation;
 * when the young one is full the old one is dropped. Look-ups cost one or two map reads, nothing is sorted.
 */
export class TwoGenerationCache<V> {
  #young = new Map<string, V>();
  #old = new Map<string, V>();
  #weight = 0;
  readonly #limit: number;
  readonly #weigh: (value: V) => number;

  /** @param limit Weight of one generation. @param weigh Weight of a value, 1 by default. */
  constructor(limit: number, weigh: (value: V) => number = () => 1) {
    this.#limit = limit;
    this.#weigh = weigh;
  }

  get(key: string): V | undefined {
    const young = this.#young.get(key);
    if (young !== undefined) return young;
    const old = this.#old.get(key);
    if (old !== undefined) this.set(key, old);
    return old;
  }

  set(key: string, value: V): void {
    const previous = this.#young.get(key);
    if (previous !== undefined) this.#weight -= this.#weigh(previous);
    this.#young.set(key, value);
    this.#old.delete(key);
    this.#weight += this.#weigh(value);
    if (this.#weight > this.#limit) {
      this.#old = this.#young;
      this.#young = new Map();
      this.#weight = 0;
    }
  }

  delete(key: string): void {
    const previous = this.#young.get(key);
    if (previous !== undefined) this.#weight -= this.#weigh(previous);
    this.#young.delete(key);
    this.#old.delete(key);
  }
}
