import { setTimeout as sleep } from 'node:timers/promises';
import type { Action, Boundary, Fault, Port } from './plan.js';

const SLOW_MS = 400;
/** Longer than receipts wait for each other. */
const IDLE_MS = 500;

export interface SteppingOptions {
  readonly reached: (boundary: Boundary) => void;
  /** Resolves when the test says so. */
  readonly released: () => Promise<void>;
}

/** Counts the boundaries that a gateway passes, and lets happen at them what was planned. */
export class Stepping {
  readonly #options: SteppingOptions;
  #faults: readonly Fault[] = [];
  #passed = new Map<string, number>();
  #sentAt = 0;

  constructor(options: SteppingOptions) {
    this.#options = options;
  }

  plan(faults: readonly Fault[]): void {
    this.#faults = faults;
    this.#passed = new Map();
  }

  /** Resolves when nothing has been sent to the orderers for a while. */
  async idle(): Promise<void> {
    while (performance.now() - this.#sentAt < IDLE_MS) await sleep(IDLE_MS / 10);
  }

  /** The port with a boundary before and after each call, and each item that it streams. */
  between<Target extends object>(port: Port, target: Target): Target {
    return new Proxy(target, {
      get: (_, name) => {
        const value: unknown = Reflect.get(target, name, target);
        if (typeof value !== 'function' || typeof name === 'symbol') return value;
        const call = value.bind(target) as (...args: unknown[]) => unknown;
        return (...args: unknown[]): unknown => this.#call(port, name, call, args);
      },
    });
  }

  #call(port: Port, method: string, call: (...args: unknown[]) => unknown, args: unknown[]): unknown {
    if (method === 'submit') this.#sentAt = performance.now();
    const first = this.#actionAt({ port, method, when: 'before' });
    if (!isAsync(port, method)) {
      this.#actSync(first);
      const answer = call(...args);
      this.#actSync(this.#actionAt({ port, method, when: 'after' }));
      return answer;
    }
    if (STREAMS.has(method))
      return this.#stream(port, method, first, call(...args) as AsyncIterable<unknown>);
    return this.#callAsync(port, method, first, () => call(...args) as Promise<unknown>);
  }

  async #callAsync(
    port: Port,
    method: string,
    first: Action | undefined,
    call: () => Promise<unknown>,
  ): Promise<unknown> {
    await this.#act(first);
    if (first === 'lost') return undefined;
    const answer = await call();
    if (first === 'twice') await call().catch(() => undefined);
    if (first === 'denied') throw new Error('it was done, and the answer was lost');
    await this.#act(this.#actionAt({ port, method, when: 'after' }));
    return answer;
  }

  async *#stream(
    port: Port,
    method: string,
    first: Action | undefined,
    items: AsyncIterable<unknown>,
  ): AsyncGenerator {
    await this.#act(first);
    for await (const item of items) {
      await this.#act(this.#actionAt({ port, method: `${method}-item`, when: 'before' }));
      yield item;
      await this.#act(this.#actionAt({ port, method: `${method}-item`, when: 'after' }));
    }
  }

  #actionAt(boundary: Boundary): Action | undefined {
    const name = `${boundary.when} ${boundary.port}.${boundary.method}`;
    const times = (this.#passed.get(name) ?? 0) + 1;
    this.#passed.set(name, times);
    const fault = this.#faults.find(
      (one) =>
        one.port === boundary.port &&
        one.method === boundary.method &&
        one.when === boundary.when &&
        one.nth === times,
    );
    if (fault === undefined) return undefined;
    // A process that is killed tells nobody; the test sees that it ended.
    if (fault.action === 'kill') process.kill(process.pid, 'SIGKILL');
    this.#options.reached(boundary);
    return fault.action;
  }

  async #act(action: Action | undefined): Promise<void> {
    if (action === 'slow') await sleep(SLOW_MS);
    if (action === 'hold') await this.#options.released();
    this.#actSync(action);
  }

  #actSync(action: Action | undefined): void {
    if (action === 'fail') {
      throw Object.assign(new Error('no space is left on the device'), { code: 'ENOSPC', errno: -28 });
    }
  }
}

const STREAMS: ReadonlySet<string> = new Set(['follow', 'requestRelease', 'requestByJournal']);

/** The outbox, and most of the vault, answer at once; everything else takes a promise's time. */
function isAsync(port: Port, method: string): boolean {
  if (port === 'journal') return method === 'append';
  if (port === 'vault') return method === 'open' || method === 'create';
  return port !== 'outbox' && method !== 'close';
}
