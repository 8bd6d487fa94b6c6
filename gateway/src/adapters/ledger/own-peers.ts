import type { Logger } from '../../ports/logger.js';
import type { Endpoint } from './endpoint.js';
import { isUnreachable } from './failures.js';

/**
 * The peers of the own organisation. One is in use; when it cannot be reached the next one takes its place, and keeps it, since all
 * are alike.
 */
export class OwnPeers {
  readonly #endpoints: readonly [Endpoint, ...Endpoint[]];
  readonly #log: Logger;
  #current = 0;

  constructor(endpoints: readonly [Endpoint, ...Endpoint[]], log: Logger) {
    this.#endpoints = endpoints;
    this.#log = log;
  }

  get current(): Endpoint {
    return this.#endpoints[this.#current] ?? this.#endpoints[0];
  }

  /** Makes a call, and once more at each other peer while none can be reached: so only what may be repeated. */
  async call<Result>(run: (endpoint: Endpoint) => Promise<Result>): Promise<Result> {
    for (let tried = 1; ; tried += 1) {
      const endpoint = this.current;
      try {
        return await run(endpoint);
      } catch (error) {
        if (!isUnreachable(error)) throw error;
        this.leave(endpoint);
        if (tried >= this.#endpoints.length) throw error;
      }
    }
  }

  /** The peer does not answer. Says so only where there is another one, and nobody has gone there meanwhile. */
  leave(endpoint: Endpoint): void {
    if (this.#endpoints.length === 1 || endpoint !== this.current) return;
    this.#current = (this.#current + 1) % this.#endpoints.length;
    this.#log.warn('ledger.peer-left', { address: endpoint.address });
  }

  close(): void {
    for (const endpoint of this.#endpoints) endpoint.close();
  }
}
