/** Pseudo-random numbers that are the same for the same seed on every machine (xorshift32). */
export class Dice {
  #state: number;

  constructor(seed: number) {
    this.#state = (Math.imul(seed + 1, 0x9e3779b1) ^ 0x5bd1e995) >>> 0 || 1;
    for (let n = 0; n < 8; n += 1) this.#next();
  }

  /** At least `least`, below `below`, whole. */
  whole(least: number, below: number): number {
    return least + Math.floor(this.share() * (below - least));
  }

  /** 0 to 1, without 1. */
  share(): number {
    return this.#next() / 0x1_0000_0000;
  }

  isLess(share: number): boolean {
    return this.share() < share;
  }

  /** Throws a RangeError where there is nothing. */
  pick<Item>(items: readonly Item[]): Item {
    const item = items[this.whole(0, items.length)];
    if (item === undefined) throw new RangeError('nothing to pick from');
    return item;
  }

  #next(): number {
    let state = this.#state;
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    this.#state = state >>> 0;
    return this.#state;
  }
}
