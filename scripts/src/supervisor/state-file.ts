import { renameSync, rmSync, writeFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { z } from 'zod';
import { badInput, systemCode } from '../user-error.js';

const identity = z.strictObject({ pid: z.int().positive(), started: z.string().min(1) });

const processState = z.strictObject({
  name: z.string(),
  identity: identity.optional(),
  status: z.enum(['starting', 'ready', 'restarting', 'stopping', 'stopped']),
  /** ISO instant at which the process was last started. */
  since: z.iso.datetime(),
  restarts: z.int().nonnegative(),
});

const stateSchema = z.strictObject({
  version: z.literal(1),
  supervisor: identity,
  portBase: z.int(),
  startedAt: z.iso.datetime(),
  processes: z.array(processState),
});

export type ProcessState = z.output<typeof processState>;
/** What runs for one data folder, as its supervisor last wrote it. */
export type SupervisorState = z.output<typeof stateSchema>;

/**
 * Written beside and renamed, so that a reader never sees half of it. Synchronous, so that two changes keep their
 * order and a process is on file before anything else happens to it.
 */
export function writeState(file: string, state: SupervisorState): void {
  const fresh = `${file}.${process.pid}.new`;
  writeFileSync(fresh, `${JSON.stringify(state, null, 2)}\n`, { mode: 0o600 });
  renameSync(fresh, file);
}

/** The state last written, or undefined when nothing was started. Refuses a file that it does not understand. */
export async function readState(file: string): Promise<SupervisorState | undefined> {
  let text: string;
  try {
    text = await readFile(file, 'utf8');
  } catch (error) {
    if (systemCode(error) === 'ENOENT' || systemCode(error) === 'ENOTDIR') return undefined;
    throw error;
  }
  try {
    return stateSchema.parse(JSON.parse(text));
  } catch (cause) {
    throw badInput(
      `${file} does not say what is running (damaged, or of another version): end those processes yourself, ` +
        'then delete the file.',
      { cause },
    );
  }
}

export function removeState(file: string): void {
  rmSync(file, { force: true });
}
