import { AsyncLocalStorage } from 'node:async_hooks';
import { createHmac, randomBytes } from 'node:crypto';

/** A transaction that an earlier attempt at the same request was about to send. */
export interface Attempted {
  readonly transaction: string;
  /** Epoch milliseconds. */
  readonly at: number;
  /** Whether it was this gateway, so that its outbox knows whether it was sent. */
  readonly isOwn: boolean;
}

/** What one request under an idempotency key must do the same way however often it is tried. */
export interface IdempotentRun {
  /** 32 bytes, the same at each attempt. */
  readonly seed: Uint8Array;
  attempted(step: number): Attempted | undefined;
  /** Durable when it returns. */
  attempting(step: number, transaction: string): void;
}

interface Running {
  readonly run: IdempotentRun;
  steps: number;
}

const runs = new AsyncLocalStorage<Running | undefined>();

export function withinRun<Result>(run: IdempotentRun, work: () => Promise<Result>): Promise<Result> {
  return runs.run({ run, steps: 0 }, work);
}

/** For work that is done for several requests together: it belongs to none of them. */
export function outsideRuns<Result>(work: () => Promise<Result>): Promise<Result> {
  return runs.run(undefined, work);
}

/** One step that writes, of the request that is under way; undefined where it has no key. */
export function nextStep():
  { readonly before: Attempted | undefined; readonly attempting: (transaction: string) => void } | undefined {
  const running = runs.getStore();
  if (running === undefined) return undefined;
  const { run, steps } = running;
  running.steps += 1;
  return {
    before: run.attempted(steps),
    attempting: (transaction) => {
      run.attempting(steps, transaction);
    },
  };
}

/** Random bytes; the same ones at each attempt at one request, at most 32 for each name. */
export function freshBytes(name: string, length: number): Buffer {
  const running = runs.getStore();
  if (running === undefined) return randomBytes(length);
  return createHmac('sha256', running.run.seed).update(name).digest().subarray(0, length);
}
