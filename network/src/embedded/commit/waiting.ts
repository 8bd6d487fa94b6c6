interface Waiter<T> {
  readonly resolve: (value: T) => void;
  readonly reject: (reason: unknown) => void;
}

/** Promises that wait for something with a name to happen: each can be given up through its signal. */
export class Waiting<T> {
  readonly #waiters = new Map<string, Set<Waiter<T>>>();
  #closed: Error | undefined;

  wait(name: string, signal: AbortSignal): Promise<T> {
    return new Promise<T>((resolve, reject) => {
      if (this.#closed !== undefined) {
        reject(this.#closed);
        return;
      }
      if (signal.aborted) {
        reject(asError(signal.reason));
        return;
      }
      const settle = (): void => {
        signal.removeEventListener('abort', abort);
        waiters.delete(waiter);
        if (waiters.size === 0 && this.#waiters.get(name) === waiters) this.#waiters.delete(name);
      };
      const waiter: Waiter<T> = {
        resolve: (value) => {
          settle();
          resolve(value);
        },
        reject: (reason) => {
          settle();
          reject(asError(reason));
        },
      };
      const abort = (): void => {
        waiter.reject(signal.reason);
      };
      const waiters = this.#waiters.get(name) ?? new Set<Waiter<T>>();
      this.#waiters.set(name, waiters);
      waiters.add(waiter);
      signal.addEventListener('abort', abort);
    });
  }

  /** It happened: everyone who waits for it gets the value. */
  happened(name: string, value: T): void {
    for (const waiter of [...(this.#waiters.get(name) ?? [])]) waiter.resolve(value);
  }

  /** Nothing will happen any more. */
  close(reason: Error): void {
    this.#closed ??= reason;
    for (const waiters of [...this.#waiters.values()]) {
      for (const waiter of [...waiters]) waiter.reject(reason);
    }
  }
}

function asError(reason: unknown): Error {
  return reason instanceof Error ? reason : new Error(String(reason));
}
