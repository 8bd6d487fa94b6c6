import { setTimeout as sleep } from 'node:timers/promises';

export interface Patience {
  /** 20 s unless said. */
  readonly withinMs?: number;
  /** 100 ms unless said. */
  readonly everyMs?: number;
}

/** Tries until it does not fail any more; fails as the last attempt did. */
export async function eventually<Result>(
  attempt: () => Result | Promise<Result>,
  { withinMs = 20_000, everyMs = 100 }: Patience = {},
): Promise<Result> {
  const deadline = performance.now() + withinMs;
  for (;;) {
    try {
      return await attempt();
    } catch (error) {
      if (performance.now() > deadline) throw error;
    }
    await sleep(everyMs);
  }
}
