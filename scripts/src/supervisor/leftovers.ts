import { setTimeout as sleep } from 'node:timers/promises';
import { isRunning, signal, type ProcessIdentity } from './process-identity.js';
import type { SupervisorState } from './state-file.js';

const GRACE_MS = 10_000;

/** Processes on file that still run although their supervisor does not. */
export async function leftovers(state: SupervisorState): Promise<readonly ProcessIdentity[]> {
  const identities = state.processes.flatMap(({ identity }) => (identity ? [identity] : []));
  const running = await Promise.all(identities.map(isRunning));
  return identities.filter((_, index) => running[index]);
}

/** Ends processes: asks, waits, and kills what is left. Resolves when none of them runs. */
export async function endAll(identities: readonly ProcessIdentity[], graceMs = GRACE_MS): Promise<void> {
  for (const identity of identities) await signal(identity, 'SIGTERM');
  if (await allGone(identities, graceMs)) return;
  for (const identity of identities) await signal(identity, 'SIGKILL');
  if (!(await allGone(identities, GRACE_MS))) {
    throw new Error(
      `these processes do not end, not even by SIGKILL: ${identities.map(({ pid }) => pid).join(', ')}`,
    );
  }
}

/** Waits until none of the processes runs. False when the time was not enough. */
export async function allGone(identities: readonly ProcessIdentity[], withinMs: number): Promise<boolean> {
  const deadline = Date.now() + withinMs;
  for (;;) {
    const running = await Promise.all(identities.map(isRunning));
    if (!running.includes(true)) return true;
    if (Date.now() >= deadline) return false;
    await sleep(25);
  }
}
