import { linkSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { badInput, systemCode } from '../user-error.js';
import { identify, isRunning, type ProcessIdentity } from './process-identity.js';

/** Taken: by whom. Free and now ours: how to give it back. */
export type Lock = { readonly holder: ProcessIdentity } | { readonly release: () => void };

/**
 * One supervisor per data folder. The lock file appears with its content (link(2) of a finished file), and one
 * whose holder no longer runs is taken over.
 */
export async function takeLock(file: string): Promise<Lock> {
  const me = await identify(process.pid);
  if (!me) throw new Error('this process cannot find itself in the process table');
  const mine = `${file}.${process.pid}`;
  writeFileSync(mine, JSON.stringify(me), { mode: 0o600 });
  try {
    for (;;) {
      if (tryLink(mine, file)) {
        return {
          release: () => {
            rmSync(file, { force: true });
          },
        };
      }
      const holder = readHolder(file);
      if (holder && (await isRunning(holder))) return { holder };
      if (holder) breakStale(file, holder, `${mine}.stale`);
    }
  } finally {
    rmSync(mine, { force: true });
  }
}

/** Who holds the lock and runs, if anybody. */
export async function lockHolder(file: string): Promise<ProcessIdentity | undefined> {
  const holder = readHolder(file);
  return holder && (await isRunning(holder)) ? holder : undefined;
}

function tryLink(from: string, to: string): boolean {
  try {
    linkSync(from, to);
    return true;
  } catch (error) {
    if (systemCode(error) === 'EEXIST') return false;
    throw error;
  }
}

function readHolder(file: string): ProcessIdentity | undefined {
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (error) {
    if (systemCode(error) === 'ENOENT' || systemCode(error) === 'ENOTDIR') return undefined;
    throw error;
  }
  const [pid, started] = /^\{"pid":(\d+),"started":"([^"]+)"\}$/.exec(text)?.slice(1) ?? [];
  if (pid === undefined || started === undefined) {
    throw badInput(`${file} is damaged: if no consent-ledger runs on this data folder, delete that file.`);
  }
  return { pid: Number(pid), started };
}

/** Moves the stale lock away; if another was quicker and what we moved is a new one, puts it back. */
function breakStale(file: string, stale: ProcessIdentity, aside: string): void {
  try {
    renameSync(file, aside);
  } catch (error) {
    if (systemCode(error) === 'ENOENT') return;
    throw error;
  }
  const moved = readHolder(aside);
  if (moved && (moved.pid !== stale.pid || moved.started !== stale.started)) tryLink(aside, file);
  rmSync(aside, { force: true });
}
