import type { ChildProcess } from 'node:child_process';

const CHILDREN = new Set<ChildProcess>();
const SIGNALS = ['SIGTERM', 'SIGINT', 'SIGHUP'] as const;

/** Kills the child when this process ends, whether by itself, by an error or by a signal; only SIGKILL leaves it behind. */
export function endWithUs(child: ChildProcess): void {
  if (CHILDREN.size === 0) watch();
  CHILDREN.add(child);
  child.once('exit', () => {
    CHILDREN.delete(child);
    if (CHILDREN.size === 0) unwatch();
  });
}

function watch(): void {
  process.on('exit', killAll);
  for (const signal of SIGNALS) process.on(signal, onSignal);
}

function unwatch(): void {
  process.off('exit', killAll);
  for (const signal of SIGNALS) process.off(signal, onSignal);
}

/** Whoever else listens wants to end in order, and stops what it started; alone, we end as without a listener. */
function onSignal(signal: NodeJS.Signals): void {
  if (process.listenerCount(signal) > 1) return;
  killAll();
  unwatch();
  process.kill(process.pid, signal);
}

function killAll(): void {
  for (const child of CHILDREN) child.kill('SIGKILL');
}
