import type { NodeFiles } from '../fabric/fabric-node.js';
import { waitUntilHealthy } from '../fabric/health.js';
import { findProcess, startProcess, type ProcessSpec } from '../fabric/managed-process.js';
import { ordererProcess } from '../fabric/orderer-process.js';
import { peerProcess } from '../fabric/peer-process.js';

/** An operation cannot go on. The message says what to do about it. */
export class OperationError extends Error {
  override readonly name = 'OperationError';
}

/** Restarts the organisation's peer, which cuts all its clients' connections. Resolves when it is healthy. */
export function restartPeer(node: NodeFiles, signal?: AbortSignal): Promise<void> {
  return restart(peerProcess(node), node.ports.peerOperations, signal);
}

export function restartOrderer(node: NodeFiles, signal?: AbortSignal): Promise<void> {
  return restart(ordererProcess(node), node.ports.ordererOperations, signal);
}

export async function stopProcess(
  spec: Pick<ProcessSpec, 'name' | 'runFolder' | 'logFolder'>,
): Promise<void> {
  await (await findProcess(spec))?.stop();
}

export async function isRunning(
  spec: Pick<ProcessSpec, 'name' | 'runFolder' | 'logFolder'>,
): Promise<boolean> {
  return (await findProcess(spec))?.isRunning() === true;
}

async function restart(spec: ProcessSpec, operationsPort: number, signal?: AbortSignal): Promise<void> {
  const running = await findProcess(spec);
  if (running === undefined) {
    throw new OperationError(
      `${spec.name} was not started from this data folder: restart it by whatever runs it (docker compose restart, ` +
        'systemctl restart), then give this command again',
    );
  }
  await running.stop();
  await waitUntilHealthy(await startProcess(spec), operationsPort, signal);
}
