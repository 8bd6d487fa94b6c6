import { connect } from 'node:net';
import type { NodeFiles } from '../fabric/fabric-node.js';
import { waitUntilHealthy } from '../fabric/health.js';
import { findProcess, startProcess, type ProcessSpec } from '../fabric/managed-process.js';
import { ordererProcess } from '../fabric/orderer-process.js';
import { peerProcess } from '../fabric/peer-process.js';
import { waitUntil } from '../fabric/wait-until.js';

/** An operation cannot go on. The message says what to do about it. */
export class OperationError extends Error {
  override readonly name = 'OperationError';
}

/** Restarts the organisation's peer, which cuts all its clients' connections. Resolves when it serves. */
export async function restartPeer(node: NodeFiles, signal?: AbortSignal): Promise<void> {
  await stopOurs(peerProcess(node));
  await startPeer(node, signal);
}

export async function restartOrderer(node: NodeFiles, signal?: AbortSignal): Promise<void> {
  await stopOurs(ordererProcess(node));
  await startOrderer(node, signal);
}

export function startPeer(node: NodeFiles, signal?: AbortSignal): Promise<void> {
  return start(peerProcess(node), node, node.ports.peerOperations, node.ports.peer, signal);
}

export function startOrderer(node: NodeFiles, signal?: AbortSignal): Promise<void> {
  return start(ordererProcess(node), node, node.ports.ordererOperations, node.ports.ordererAdmin, signal);
}

/** Peers and orderers say that they are healthy before they listen where they are needed. */
async function start(
  spec: ProcessSpec,
  node: NodeFiles,
  operationsPort: number,
  port: number,
  signal?: AbortSignal,
): Promise<void> {
  await waitUntilHealthy(await startProcess(spec), operationsPort, signal);
  await waitUntil({ what: `${spec.name} to listen`, timeoutMs: 20_000, signal }, () =>
    canConnect(node.organisation.host, port),
  );
}

/** Rejects when nobody listens there. */
export function canConnect(host: string, port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    const socket = connect({ host, port, timeout: 2_000 }, () => {
      socket.destroy();
      resolve();
    });
    socket.on('timeout', () => socket.destroy(new Error(`${host}:${port} does not answer`)));
    socket.on('error', reject);
  });
}

async function stopOurs(spec: ProcessSpec): Promise<void> {
  const running = await findProcess(spec);
  if (running === undefined) {
    throw new OperationError(
      `${spec.name} was not started from this data folder: restart it by whatever runs it (docker compose restart, ` +
        'systemctl restart), then give this command again',
    );
  }
  await running.stop();
}
