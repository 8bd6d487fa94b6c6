import { mkdir, readFile, rm } from 'node:fs/promises';
import path from 'node:path';
import { dataLayout, memberLayout, replaceFile } from '@consent-ledger/network';
import { z } from 'zod';
import { systemCode } from '../user-error.js';
import { lastSignedIn, positionFile } from './kept-position.js';

const attempts = z.record(
  z.string(),
  z.strictObject({ at: z.iso.datetime(), trouble: z.string().exactOptional() }),
);

/** Number of the last block of which that member signed a checkpoint; undefined where it signed none, or its place cannot be read. */
export function lastSigned(dataDir: string, name: string): Promise<number | undefined> {
  return lastSignedIn(positionFile(memberLayout(dataDir, name).data));
}

/** How it went the last time that a checkpoint was due, for `status`. */
export async function noteAttempt(dataDir: string, name: string, trouble: string | undefined): Promise<void> {
  if (trouble !== undefined && isGrave(trouble)) await noteTwoHistories(dataDir, name, trouble);
  const file = attemptsFile(dataDir);
  const all = await readAttempts(dataDir);
  const attempt = { at: new Date().toISOString(), ...(trouble !== undefined && { trouble }) };
  await replaceFile(file, `${JSON.stringify({ ...all, [name]: attempt })}\n`);
}

/** What somebody has to look at, of a member that could not sign the last time. */
export async function troubleOf(dataDir: string, name: string): Promise<string | undefined> {
  return (await readAttempts(dataDir))[name]?.trouble;
}

/** Nobody signs by itself any more, or anew: how it went before says nothing of now. */
export async function forgetAttempts(dataDir: string): Promise<void> {
  await rm(attemptsFile(dataDir), { force: true });
}

/** Whether a line says that somebody has another history, rather than that a peer does not answer. */
export function isGrave(line: string): boolean {
  return line.startsWith('STOPPED') || line.startsWith('ANOTHER HISTORY');
}

/** What was found of two histories. */
export interface TwoHistories {
  readonly at: string;
  /** The line that said so first. */
  readonly found: string;
  /** Somebody who has settled it removes this file; nothing else does. */
  readonly file: string;
}

const twoHistories = z.strictObject({ at: z.string(), found: z.string() });

/** The first that was found stays, whatever goes well or ill afterwards. */
async function noteTwoHistories(dataDir: string, name: string, found: string): Promise<void> {
  if ((await twoHistoriesOf(dataDir, name)) !== undefined) return;
  const file = twoHistoriesFile(dataDir, name);
  await mkdir(path.dirname(file), { recursive: true, mode: 0o700 });
  await replaceFile(file, `${JSON.stringify({ at: new Date().toISOString(), found })}\n`);
}

/** Two histories that were found by that member's signing, until somebody has removed the file. */
export async function twoHistoriesOf(dataDir: string, name: string): Promise<TwoHistories | undefined> {
  const file = twoHistoriesFile(dataDir, name);
  const text = await readOrNothing(file);
  if (text === undefined) return undefined;
  const unreadable = { at: 'a time', found: 'what was found cannot be read any more' };
  return { ...(twoHistories.safeParse(parsed(text)).data ?? unreadable), file };
}

function twoHistoriesFile(dataDir: string, name: string): string {
  return path.join(memberLayout(dataDir, name).data, 'audit', 'two-histories.json');
}

async function readAttempts(dataDir: string): Promise<z.infer<typeof attempts>> {
  const text = await readOrNothing(attemptsFile(dataDir));
  return text === undefined ? {} : (attempts.safeParse(parsed(text)).data ?? {});
}

function attemptsFile(dataDir: string): string {
  return path.join(dataLayout(dataDir).run, 'checkpoints.json');
}

async function readOrNothing(file: string): Promise<string | undefined> {
  try {
    return await readFile(file, 'utf8');
  } catch (error) {
    if (systemCode(error) === 'ENOENT') return undefined;
    throw error;
  }
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined; // Half of a file: as if it were not there.
  }
}
