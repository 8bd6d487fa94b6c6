const FIRST_MS = 250;
const LONGEST_MS = 15_000;
const HEALTHY_MS = 60_000;

/** How long to wait before a crashed process is started again: doubling, and from the start once it ran for a minute. */
export interface Backoff {
  /** @param ranMs how long the process ran before it ended */
  next(ranMs: number): number;
}

export function backoff(): Backoff {
  let wait = FIRST_MS;
  return {
    next: (ranMs) => {
      if (ranMs >= HEALTHY_MS) wait = FIRST_MS;
      const now = wait;
      wait = Math.min(wait * 2, LONGEST_MS);
      return now;
    },
  };
}
