import { setTimeout as sleep } from 'node:timers/promises';
import type { NodeControl } from './organisation-nodes.js';

const LOOK_EVERY_MS = 1_000;
/** Gone for so long: commands that replace a process (rotation, upgrade, restore) are faster. */
const GRACE_MS = 8_000;
const LONGEST_PAUSE_MS = 60_000;

export interface KeptProcess {
  /** Such as `peer-riverside`. */
  readonly name: string;
  readonly control: NodeControl;
}

/**
 * Starts processes again that have ended without being asked to, with growing pauses. Runs until the signal aborts.
 *
 * @param say one line for a person
 */
export async function keepRunning(
  processes: readonly KeptProcess[],
  say: (line: string) => void,
  signal: AbortSignal,
): Promise<void> {
  await Promise.all(processes.map((each) => keepOne(each, say, signal)));
}

async function keepOne(
  { name, control }: KeptProcess,
  say: (line: string) => void,
  signal: AbortSignal,
): Promise<void> {
  let goneSince: number | undefined;
  let pause = GRACE_MS;
  while (await pausedFor(LOOK_EVERY_MS, signal)) {
    if (await control.isRunning()) {
      goneSince = undefined;
      continue;
    }
    goneSince ??= performance.now();
    if (performance.now() - goneSince < pause) continue;
    say(`${name} has ended and is started again`);
    try {
      await control.start();
      pause = GRACE_MS;
    } catch (error) {
      if (signal.aborted) return;
      pause = Math.min(2 * pause, LONGEST_PAUSE_MS);
      say(`${name} does not start: ${error instanceof Error ? error.message : String(error)}`);
    }
    goneSince = undefined;
  }
}

/** False when the signal aborted meanwhile. */
async function pausedFor(ms: number, signal: AbortSignal): Promise<boolean> {
  try {
    await sleep(ms, undefined, { signal });
  } catch {
    // Aborted, which is how this is ended.
  }
  return !signal.aborted;
}
