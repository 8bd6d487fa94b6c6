import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { ENVIRONMENT, GATEWAY_FLAGS } from '../../consortium/processes.js';

/**
 * Starts one of the benchmark's own processes, and tells it what it needs. `name` is its file beside this one. One that stands for a
 * gateway runs as gateways do.
 */
export function startChild(name: string, settings: object, isGateway = false): ChildProcess {
  const child = fork(
    fileURLToPath(new URL(`${name}.js`, import.meta.url)),
    isGateway ? { execArgv: [...GATEWAY_FLAGS], env: { ...process.env, ...ENVIRONMENT } } : {},
  );
  child.send(settings);
  return child;
}

/** What a process says next; rejects when it ends instead. */
export async function wordOf(child: ChildProcess): Promise<unknown> {
  const ended = once(child, 'exit').then(([code]) => {
    throw new Error(`a process of the benchmark ended with ${String(code)}`);
  });
  const [word] = (await Promise.race([once(child, 'message'), ended])) as unknown[];
  ended.catch(() => undefined);
  return word;
}

export async function endChild(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const ended = once(child, 'exit');
  child.disconnect();
  await ended;
}
