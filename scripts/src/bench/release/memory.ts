import { readFile } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';

/** How much more memory each process took at its most than at the beginning. */
export interface MemoryWatch {
  /** MiB by name of the process; ends the watch. */
  stop(): Promise<Readonly<Record<string, number>>>;
}

const EVERY_MS = 50;

/** Looks at the resident memory of each process twenty times a second. Reads `/proc`: Linux alone. */
export async function watchMemory(pids: ReadonlyMap<string, number>): Promise<MemoryWatch> {
  const before = new Map<string, number>();
  const most = new Map<string, number>();
  const look = async (): Promise<void> => {
    for (const [name, pid] of pids) {
      const resident = await residentBytes(pid);
      if (!before.has(name)) before.set(name, resident);
      most.set(name, Math.max(most.get(name) ?? 0, resident));
    }
  };
  await look();
  const ending = new AbortController();
  const watching = (async () => {
    while (!ending.signal.aborted) {
      await sleep(EVERY_MS);
      await look();
    }
  })();
  return {
    async stop() {
      ending.abort();
      await watching;
      const grown = (name: string): number => (most.get(name) ?? 0) - (before.get(name) ?? 0);
      return Object.fromEntries([...pids.keys()].map((name) => [name, grown(name) / 1_048_576]));
    },
  };
}

async function residentBytes(pid: number): Promise<number> {
  const status = await readFile(`/proc/${pid}/status`, 'utf8');
  return Number(/^VmRSS:\s+(\d+) kB/m.exec(status)?.[1] ?? Number.NaN) * 1_024;
}
