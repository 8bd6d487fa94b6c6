/**
 * A bounded cache in two generations: what was used since the younger one began is in it. When that is full, what is
 * only in the elder goes. So a hit costs two look-ups at most and writes nothing, and memory stays below `capacity`.
 */
export class Generations<Value> {
  #young = new Map<string, Weighed<Value>>();
  #old = new Map<string, Weighed<Value>>();
  #weight = 0;

  /**
   * @param capacity sum of the weights in both generations
   * @param onDrop is told what goes because there is no room
   */
  constructor(
    private readonly capacity: number,
    private readonly onDrop: (key: string, value: Value) => void = () => undefined,
  ) {}

  get size(): number {
    return this.#young.size + this.#old.size;
  }

  get(key: string): Value | undefined {
    const young = this.#young.get(key);
    if (young !== undefined) return young.value;
    const old = this.#old.get(key);
    if (old === undefined) return undefined;
    this.#old.delete(key);
    this.#keep(key, old);
    return old.value;
  }

  set(key: string, value: Value, weight = 1): void {
    this.delete(key);
    this.#keep(key, { value, weight });
  }

  delete(key: string): void {
    const young = this.#young.get(key);
    if (young !== undefined) {
      this.#young.delete(key);
      this.#weight -= young.weight;
    }
    this.#old.delete(key);
  }

  clear(): void {
    this.#young.clear();
    this.#old.clear();
    this.#weight = 0;
  }

  #keep(key: string, weighed: Weighed<Value>): void {
    if (this.#weight + weighed.weight > this.capacity / 2 && this.#young.size > 0) {
      const dropped = this.#old;
      this.#old = this.#young;
      this.#young = new Map();
      this.#weight = 0;
      for (const [gone, { value }] of dropped) this.onDrop(gone, value);
    }
    this.#young.set(key, weighed);
    this.#weight += weighed.weight;
  }
}

interface Weighed<Value> {
  readonly value: Value;
  readonly weight: number;
}
