import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { closeSync, mkdirSync, openSync } from 'node:fs';
import { open, rename, rm } from 'node:fs/promises';
import path from 'node:path';
import type { Writable } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import { isAlive, readLiveRecord, startTicks, writeProcessRecord } from './process-record.js';
import { endWithUs } from './end-with-us.js';
import { HopelessError } from './wait-until.js';

export interface ProcessSpec {
  /** Unique in the data folder, such as `peer-hospital-a`. */
  readonly name: string;
  readonly command: string;
  readonly args: readonly string[];
  /** All that the process gets besides PATH: nothing of our own environment leaks into it. */
  readonly env: Readonly<Record<string, string>>;
  readonly workingFolder: string;
  /** Holds `<name>.pid`. */
  readonly runFolder: string;
  /** Holds `<name>.log`, which is appended to. */
  readonly logFolder: string;
  /** Lets the process live on when ours ends; else it is killed with us. */
  readonly outlivesUs: boolean;
}

/** A process of ours, started now or found running from an earlier start. */
export interface ManagedProcess {
  readonly name: string;
  readonly pid: number;
  readonly logFile: string;
  /** True when it was already running with the same settings. */
  readonly adopted: boolean;
  isRunning(): boolean;
  /** Sends a signal, such as SIGSTOP; nothing when it has ended. */
  signal(signal: NodeJS.Signals): void;
  /** SIGTERM, after `graceMs` SIGKILL; resolves when it is gone. */
  stop(graceMs?: number): Promise<void>;
  /** SIGKILL; resolves when it is gone. */
  kill(): Promise<void>;
  /** @throws HopelessError with the end of its log when it has ended */
  assertRunning(): Promise<void>;
}

/**
 * Starts the process, or finds the one that an earlier call started with the same settings.
 * One that runs with other settings is stopped first.
 */
export async function startProcess(spec: ProcessSpec): Promise<ManagedProcess> {
  for (const folder of [spec.runFolder, spec.logFolder, spec.workingFolder]) {
    mkdirSync(folder, { recursive: true, mode: 0o700 });
  }
  const pidFile = path.join(spec.runFolder, `${spec.name}.pid`);
  const settings = settingsHash(spec);
  const running = await readLiveRecord(pidFile);
  if (running !== undefined) {
    const found = managed(spec, running.pid, pidFile, true);
    if (running.settings === settings) {
      return found;
    }
    await found.stop();
  }
  const { pid, letGo } = await launch(spec);
  try {
    await writeProcessRecord(pidFile, { pid, startTicks: startTicks(pid), settings });
  } catch (error) {
    process.kill(pid, 'SIGKILL');
    throw error;
  }
  await letGo();
  return managed(spec, pid, pidFile, false);
}

/** The process that an earlier start left running, whatever its settings; undefined when there is none. */
export async function findProcess(
  spec: Pick<ProcessSpec, 'name' | 'runFolder' | 'logFolder'>,
): Promise<ManagedProcess | undefined> {
  const pidFile = path.join(spec.runFolder, `${spec.name}.pid`);
  const running = await readLiveRecord(pidFile);
  return running === undefined ? undefined : managed(spec, running.pid, pidFile, true);
}

/** The process of that name if it runs with exactly these settings. */
export async function findSameProcess(spec: ProcessSpec): Promise<ManagedProcess | undefined> {
  const pidFile = path.join(spec.runFolder, `${spec.name}.pid`);
  const running = await readLiveRecord(pidFile);
  return running?.settings === settingsHash(spec) ? managed(spec, running.pid, pidFile, true) : undefined;
}

/** Gives a process the name of one that has ended; it keeps its log file. */
export async function renameProcess(spec: ProcessSpec, name: string): Promise<void> {
  const at = (called: string): string => path.join(spec.runFolder, `${called}.pid`);
  await rename(at(spec.name), at(name));
}

/** Until released, or until our process ends, nobody starts the process again because it does not run. */
export async function holdProcess(
  spec: Pick<ProcessSpec, 'name' | 'runFolder'>,
): Promise<() => Promise<void>> {
  mkdirSync(spec.runFolder, { recursive: true, mode: 0o700 });
  const file = heldFile(spec);
  await writeProcessRecord(file, { pid: process.pid, startTicks: startTicks(process.pid), settings: '' });
  return () => rm(file, { force: true });
}

export async function isHeld(spec: Pick<ProcessSpec, 'name' | 'runFolder'>): Promise<boolean> {
  return (await readLiveRecord(heldFile(spec))) !== undefined;
}

function heldFile({ name, runFolder }: Pick<ProcessSpec, 'name' | 'runFolder'>): string {
  return path.join(runFolder, `${name}.held`);
}

function settingsHash(spec: ProcessSpec): string {
  const settings = [spec.command, spec.args, Object.entries(spec.env).sort(), spec.workingFolder];
  return createHash('sha256').update(JSON.stringify(settings)).digest('hex');
}

/**
 * Waits for a word on descriptor 3, then becomes the command; ends when whoever should have said it is gone. So no process
 * ever runs that is on no record, at whatever moment we are killed.
 */
const GATE = 'read -r word <&3 && exec 3<&- && exec "$0" "$@"';

async function launch(spec: ProcessSpec): Promise<{ pid: number; letGo: () => Promise<void> }> {
  const log = openSync(path.join(spec.logFolder, `${spec.name}.log`), 'a', 0o600);
  try {
    const child = spawn('/bin/sh', ['-c', GATE, spec.command, ...spec.args], {
      cwd: spec.workingFolder,
      env: { PATH: process.env['PATH'] ?? '', ...spec.env },
      stdio: ['ignore', log, log, 'pipe'],
      // Its own process group: a Ctrl-C in our terminal is ours to handle, in order.
      detached: true,
    });
    const pid = await new Promise<number>((resolve, reject) => {
      child.once('error', reject);
      child.once('spawn', () => {
        resolve(child.pid ?? 0);
      });
    });
    child.unref();
    if (!spec.outlivesUs) {
      endWithUs(child);
    }
    const gate = child.stdio[3] as Writable;
    return {
      pid,
      letGo: () =>
        new Promise((resolve) => {
          // One that has ended already is found so by whoever waits for it to serve.
          gate.once('error', resolve);
          gate.end('go\n', resolve);
        }),
    };
  } finally {
    closeSync(log);
  }
}

function managed(
  spec: Pick<ProcessSpec, 'name' | 'runFolder' | 'logFolder'>,
  pid: number,
  pidFile: string,
  adopted: boolean,
): ManagedProcess {
  const logFile = path.join(spec.logFolder, `${spec.name}.log`);
  let gone = false;

  const isRunning = (): boolean => !gone && isAlive(pid);
  const signal = (name: NodeJS.Signals): void => {
    if (isRunning()) {
      process.kill(pid, name);
    }
  };
  const waitForEnd = async (timeoutMs: number): Promise<boolean> => {
    const deadline = performance.now() + timeoutMs;
    while (isRunning() && performance.now() < deadline) {
      await sleep(10);
    }
    return !isRunning();
  };
  const forget = async (): Promise<void> => {
    gone = true;
    await rm(pidFile, { force: true });
  };
  const kill = async (): Promise<void> => {
    signal('SIGKILL');
    if (!(await waitForEnd(10_000))) {
      throw new Error(`${spec.name} (process ${pid}) does not end, not even by SIGKILL`);
    }
    await forget();
  };

  return {
    name: spec.name,
    pid,
    logFile,
    adopted,
    isRunning,
    signal,
    kill,
    stop: async (graceMs = 10_000) => {
      signal('SIGTERM');
      // A frozen process does not see SIGTERM before it is let go.
      signal('SIGCONT');
      if (await waitForEnd(graceMs)) {
        await forget();
      } else {
        await kill();
      }
    },
    assertRunning: async () => {
      if (!isRunning()) {
        throw new HopelessError(`${spec.name} has ended. The end of ${logFile}:\n${await tail(logFile)}`);
      }
    },
  };
}

async function tail(file: string, bytes = 2_000): Promise<string> {
  const handle = await open(file);
  try {
    const { size } = await handle.stat();
    const start = Math.max(0, size - bytes);
    const { buffer, bytesRead } = await handle.read(Buffer.alloc(bytes), 0, bytes, start);
    return buffer.toString('utf8', 0, bytesRead).trim();
  } finally {
    await handle.close();
  }
}
