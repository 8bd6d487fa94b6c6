import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { promisify } from 'node:util';
import { systemCode } from '../user-error.js';

const run = promisify(execFile);

/**
 * A process that nobody else can be mistaken for: ids are reused, ids with a start time are not.
 * `started` is opaque: it only compares.
 */
export interface ProcessIdentity {
  readonly pid: number;
  readonly started: string;
}

/** The identity of a running process, or undefined when there is none of that id (or it has ended, uncollected). */
export async function identify(pid: number): Promise<ProcessIdentity | undefined> {
  const started = process.platform === 'linux' ? await startedByProc(pid) : await startedByPs(pid);
  return started === undefined ? undefined : { pid, started };
}

/** Whether the very process is still running. */
export async function isRunning(identity: ProcessIdentity): Promise<boolean> {
  return (await identify(identity.pid))?.started === identity.started;
}

export interface ProcessMemory {
  readonly residentBytes: number;
  /**
   * The part of it that other processes map as well, such as Node's own program: it is in memory once, however many
   * processes there are. 0 where the system does not say.
   */
  readonly sharedBytes: number;
}

/** Undefined when the process is gone. */
export async function memoryOf(pid: number): Promise<ProcessMemory | undefined> {
  if (process.platform === 'linux') {
    const rollup = await readIfThere(`/proc/${pid}/smaps_rollup`);
    const bytesOf = (field: string): number =>
      Number(new RegExp(`^${field}:\\s+(\\d+) kB`, 'm').exec(rollup ?? '')?.[1] ?? 0) * 1_024;
    const residentBytes = bytesOf('Rss');
    if (residentBytes === 0) return undefined;
    return { residentBytes, sharedBytes: bytesOf('Shared_Clean') + bytesOf('Shared_Dirty') };
  }
  const text = await ps(pid, 'rss=');
  return text === undefined ? undefined : { residentBytes: Number(text) * 1_024, sharedBytes: 0 };
}

/** What several processes of one program take together: what they share counts once. */
export function memoryTogether(processes: readonly Partial<ProcessMemory>[]): number {
  const own = processes.reduce(
    (sum, { residentBytes = 0, sharedBytes = 0 }) => sum + residentBytes - sharedBytes,
    0,
  );
  return own + Math.max(0, ...processes.map(({ sharedBytes = 0 }) => sharedBytes));
}

/** How long a process has been running, in milliseconds, or undefined when it is gone or its system does not say. */
export async function runningFor(pid: number): Promise<number | undefined> {
  const [started, uptime] = await Promise.all([startTicks(pid), readIfThere('/proc/uptime')]);
  if (started === undefined || uptime === undefined) return undefined;
  return Math.max(
    0,
    Math.round(Number.parseFloat(uptime) * 1_000 - Number(started) * (1_000 / TICKS_A_SECOND)),
  );
}

/** USER_HZ: 100 on every Linux that Node runs on. */
const TICKS_A_SECOND = 100;

/** Sends a signal to that very process. False when it is gone already. */
export async function signal(identity: ProcessIdentity, name: NodeJS.Signals): Promise<boolean> {
  if (!(await isRunning(identity))) return false;
  try {
    return process.kill(identity.pid, name);
  } catch (error) {
    if (systemCode(error) === 'ESRCH') return false;
    throw error;
  }
}

/** Start time in clock ticks since boot (proc_pid_stat(5), field 22), with the boot it counts from. */
async function startedByProc(pid: number): Promise<string | undefined> {
  const ticks = await startTicks(pid);
  if (ticks === undefined) return undefined;
  const boot = (await readIfThere('/proc/sys/kernel/random/boot_id'))?.trim() ?? '';
  return `${boot}/${ticks}`;
}

/** Of a process that has not ended. */
async function startTicks(pid: number): Promise<string | undefined> {
  const stat = await readIfThere(`/proc/${pid}/stat`);
  if (stat === undefined) return undefined;
  // The command, field 2, may hold spaces and brackets: count from behind its last bracket.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  const [state] = fields;
  const ticks = fields[19];
  return state === 'Z' || state === 'X' ? undefined : ticks;
}

async function startedByPs(pid: number): Promise<string | undefined> {
  return ps(pid, 'lstart=');
}

async function ps(pid: number, field: string): Promise<string | undefined> {
  try {
    const { stdout } = await run('ps', ['-o', field, '-p', String(pid)], {
      env: { ...process.env, LC_ALL: 'C' },
    });
    return stdout.trim() || undefined;
  } catch (error) {
    // ps ends with 1 where no process has that id; that it is missing altogether is another matter.
    if (systemCode(error) === 'ENOENT') throw error;
    return undefined;
  }
}

async function readIfThere(file: string): Promise<string | undefined> {
  try {
    return await readFile(file, 'utf8');
  } catch (error) {
    if (systemCode(error) === 'ENOENT' || systemCode(error) === 'ESRCH') return undefined;
    throw error;
  }
}
