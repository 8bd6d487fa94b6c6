import { setTimeout as sleep } from 'node:timers/promises';

export interface Patience {
  readonly withinMs: number;
  readonly everyMs: number;
}

/** Tries until it does not fail any more; fails as the last attempt did. */
export async function eventually<Result>(
  attempt: () => Promise<Result>,
  { withinMs, everyMs }: Patience,
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
