import { readFileSync } from 'node:fs';
import { readFile, rename, rm, writeFile } from 'node:fs/promises';
import { z } from 'zod';

/** Which operating system process a name stands for. Process ids are reused, so the start time belongs to it. */
const processRecord = z.strictObject({
  pid: z.int().positive(),
  /** Start time in clock ticks after boot, from /proc; empty where there is no /proc. */
  startTicks: z.string(),
  /** SHA-256 of command, arguments and environment: a process with other settings is not the same one. */
  settings: z.string(),
});
export type ProcessRecord = z.infer<typeof processRecord>;

/** Writes the record so that a reader sees all of it or nothing. */
export async function writeProcessRecord(file: string, record: ProcessRecord): Promise<void> {
  await writeFile(`${file}.new`, JSON.stringify(record), { mode: 0o600 });
  await rename(`${file}.new`, file);
}

/** The record of a process that is still alive, or undefined; a stale or unreadable record is removed. */
export async function readLiveRecord(file: string): Promise<ProcessRecord | undefined> {
  let text: string;
  try {
    text = await readFile(file, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') {
      return undefined;
    }
    throw error;
  }
  const record = parseRecord(text);
  if (record !== undefined && isAlive(record.pid) && startTicks(record.pid) === record.startTicks) {
    return record;
  }
  await rm(file, { force: true });
  return undefined;
}

function parseRecord(text: string): ProcessRecord | undefined {
  try {
    return processRecord.parse(JSON.parse(text));
  } catch {
    // Written by something else: it names no process of ours.
    return undefined;
  }
}

/** Whether the process exists and has not ended. */
export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
  // One that has ended, but that nobody has collected (a container without an init), still takes signals.
  const [state] = statFields(pid);
  return state !== 'Z' && state !== 'X';
}

/** Start time in clock ticks after boot; empty where there is no /proc, and the id alone has to do. */
export function startTicks(pid: number): string {
  return statFields(pid)[19] ?? '';
}

/** /proc/<pid>/stat from field 3 (state) on, proc_pid_stat(5); the name before it may hold spaces and brackets. */
function statFields(pid: number): string[] {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    return stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  } catch {
    // No /proc on this system, or the process ended just now.
    return [];
  }
}
