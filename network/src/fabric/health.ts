import { OPERATIONS_HOST } from './fabric-node.js';
import type { ManagedProcess } from './managed-process.js';
import { waitUntil } from './wait-until.js';

/** Waits until a peer or orderer says that it is healthy; fails at once when it has ended. */
export async function waitUntilHealthy(
  running: ManagedProcess,
  operationsPort: number,
  signal?: AbortSignal,
): Promise<void> {
  await waitUntil({ what: `${running.name} to serve`, timeoutMs: 60_000, signal }, async () => {
    await running.assertRunning();
    const response = await fetch(`http://${OPERATIONS_HOST}:${operationsPort}/healthz`, {
      signal: AbortSignal.timeout(2_000),
    });
    if (!response.ok) {
      throw new Error(`/healthz answers ${response.status}: ${await response.text()}`);
    }
  });
}
