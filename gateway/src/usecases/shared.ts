/**
 * A question that many ask at the same time, asked once for all of them. Nobody gets an answer to a question that was put before they
 * asked: who comes while one is under way waits for the next, with all others that do.
 */
export class Shared<Answer> {
  readonly #ask: () => Promise<Answer>;
  #asking: Promise<Answer> | undefined;
  #following: Promise<Answer> | undefined;

  constructor(ask: () => Promise<Answer>) {
    this.#ask = ask;
  }

  next(): Promise<Answer> {
    if (this.#asking === undefined) return this.#start();
    const asked = this.#asking.catch(() => undefined);
    this.#following ??= asked.then(() => this.#start());
    return this.#following;
  }

  #start(): Promise<Answer> {
    this.#following = undefined;
    const asking = this.#ask().finally(() => {
      if (this.#asking === asking) this.#asking = undefined;
    });
    this.#asking = asking;
    return asking;
  }
}
