/** Most that wait for one turn; who comes after them goes at once. */
const MOST_WAITING = 64;

/**
 * Lets what would only get into its own way be done one after the other: commands that write the same value would meet
 * each other on the ledger, where all but one of them are invalid and have to be proposed again. Nobody is refused: where
 * too many wait, or another gateway writes the same, the ledger says which was first.
 */
export class Turns {
  readonly #waiting = new Map<string, { last: Promise<unknown>; count: number }>();

  /** Does it when what was given before under that name is done, whatever came of that. */
  async take<Result>(name: string, work: () => Promise<Result>): Promise<Result> {
    const before = this.#waiting.get(name) ?? { last: Promise.resolve(), count: 0 };
    if (before.count >= MOST_WAITING) return work();
    const done = before.last.then(work, work);
    const line = { last: done, count: before.count + 1 };
    this.#waiting.set(name, line);
    try {
      return await done;
    } finally {
      const now = this.#waiting.get(name);
      if (now !== undefined && now.count > 1)
        this.#waiting.set(name, { last: now.last, count: now.count - 1 });
      else this.#waiting.delete(name);
    }
  }
}
