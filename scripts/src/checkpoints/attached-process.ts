import { spawn } from 'node:child_process';
import { closeSync, openSync } from 'node:fs';
import { ENVIRONMENT } from '../consortium/processes.js';
import { LEASH } from '../supervisor/managed-process.js';
import { isGrave } from './signed-so-far.js';

export interface Ended {
  readonly code: number | null;
  /** What it said last, or that there are two histories, whatever it said after that. */
  readonly last?: string;
}

export interface AttachedOptions {
  /** Where its standard output goes; written anew. */
  readonly log: string;
  readonly signal: AbortSignal;
  readonly deadlineMs: number;
}

/**
 * Runs a program of node's beside this process, and never without it: it is killed at the deadline and when the signal aborts, and ends by itself
 * when this process is gone, kill -9 included.
 *
 * @param args script and arguments
 */
export function runAttached(
  args: readonly string[],
  { log, signal, deadlineMs }: AttachedOptions,
): Promise<Ended> {
  const deadline = AbortSignal.timeout(deadlineMs);
  const output = openSync(log, 'w', 0o600);
  try {
    const child = spawn(process.execPath, ['--import', LEASH, ...args], {
      stdio: ['ignore', output, 'pipe', 'ipc'],
      env: { ...process.env, ...ENVIRONMENT },
      signal: AbortSignal.any([signal, deadline]),
      // It ends where it is: what it keeps is whole at any moment, and what it signed is signed once.
      killSignal: 'SIGKILL',
    });
    let said = '';
    let grave: string | undefined;
    let failure: string | undefined;
    child.stderr?.setEncoding('utf8').on('data', (text: string) => {
      said += text;
      grave ??= said.split('\n').slice(0, -1).find(isGrave);
      said = said.slice(-KEPT_CHARACTERS);
    });
    child.once('error', (error) => {
      failure = deadline.aborted
        ? `it was not done within ${deadlineMs / 1_000} s and was ended; what it has read is kept, and the next goes on from there`
        : error.message;
    });
    return new Promise((resolve) => {
      child.once('close', (code) => {
        const lines = said.trimEnd().split('\n');
        const last = grave ?? lines.find(isGrave) ?? failure ?? lines.at(-1);
        resolve({ code, ...(last !== undefined && last !== '' && { last }) });
      });
    });
  } finally {
    closeSync(output);
  }
}

const KEPT_CHARACTERS = 2_000;
