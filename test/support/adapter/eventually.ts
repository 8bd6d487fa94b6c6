import { setTimeout as sleep } from 'node:timers/promises';

/** Waits until something holds; throws what was waited for when it does not come about. */
export async function eventually(
  holds: () => boolean | Promise<boolean>,
  what: string,
  milliseconds = 30_000,
): Promise<void> {
  const end = performance.now() + milliseconds;
  while (!(await holds())) {
    if (performance.now() > end) throw new Error(`it did not come about: ${what}`);
    await sleep(50);
  }
}
