type Stop = () => void | Promise<void>;

/** What has to be closed, in the reverse order of its making; one that fails does not keep the others open. */
export class Closers {
  readonly #stops: Stop[] = [];

  add<Closable extends { close(): void | Promise<void> }>(closable: Closable): Closable {
    this.#stops.push(() => closable.close());
    return closable;
  }

  addStop(stop: Stop): void {
    this.#stops.push(stop);
  }

  /** Throws an AggregateError of everything that failed to close. */
  async close(): Promise<void> {
    const failures: unknown[] = [];
    for (let stop = this.#stops.pop(); stop !== undefined; stop = this.#stops.pop()) {
      try {
        await stop();
      } catch (error) {
        failures.push(error);
      }
    }
    if (failures.length > 0) throw new AggregateError(failures, 'not everything could be closed');
  }
}
