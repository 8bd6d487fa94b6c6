import { readFile } from 'node:fs/promises';
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
  const file = attemptsFile(dataDir);
  const all = await readAttempts(dataDir);
  const attempt = { at: new Date().toISOString(), ...(trouble !== undefined && { trouble }) };
  await replaceFile(file, `${JSON.stringify({ ...all, [name]: attempt })}\n`);
}

/** What somebody has to look at, of a member that could not sign the last time. */
export async function troubleOf(dataDir: string, name: string): Promise<string | undefined> {
  return (await readAttempts(dataDir))[name]?.trouble;
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
