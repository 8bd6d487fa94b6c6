import { setTimeout as sleep } from 'node:timers/promises';

export interface WaitOptions {
  /** What is waited for, as a person would say it; part of the error. */
  readonly what: string;
  readonly timeoutMs: number;
  /** Pause between two tries. Default 50 ms. */
  readonly intervalMs?: number;
  readonly signal?: AbortSignal | undefined;
}

/** The time for something ran out. `cause` is the last failure seen. */
export class WaitTimeoutError extends Error {
  override readonly name = 'WaitTimeoutError';
}

/** A failure that no further try will cure. */
export class HopelessError extends Error {
  override readonly name = 'HopelessError';
}

/**
 * Tries until an attempt succeeds, and gives its result.
 * @throws WaitTimeoutError when the time runs out; HopelessError and the signal's reason at once
 */
export async function waitUntil<T>(options: WaitOptions, attempt: () => Promise<T>): Promise<T> {
  const deadline = performance.now() + options.timeoutMs;
  for (;;) {
    options.signal?.throwIfAborted();
    try {
      return await attempt();
    } catch (error) {
      if (error instanceof HopelessError) {
        throw error;
      }
      if (performance.now() >= deadline) {
        const last = error instanceof Error ? error.message : String(error);
        throw new WaitTimeoutError(
          `gave up waiting for ${options.what} after ${options.timeoutMs / 1000} s; last answer: ${last}`,
          { cause: error },
        );
      }
    }
    await sleep(
      options.intervalMs ?? 50,
      undefined,
      options.signal === undefined ? {} : { signal: options.signal },
    );
  }
}
