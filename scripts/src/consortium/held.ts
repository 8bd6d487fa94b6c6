import { mkdir, readFile, rm } from 'node:fs/promises';
import path from 'node:path';
import { replaceFile } from '@consent-ledger/network';
import { z } from 'zod';
import { systemCode } from '../user-error.js';
import { heldFile } from './paths.js';

const names = z.array(z.string());

/** Names of the processes that are not to run for the moment. */
export async function heldProcesses(dataDir: string): Promise<readonly string[]> {
  try {
    return names.parse(JSON.parse(await readFile(heldFile(dataDir), 'utf8')));
  } catch (error) {
    if (systemCode(error) === 'ENOENT') return [];
    throw error;
  }
}

export async function hold(dataDir: string, name: string): Promise<void> {
  const held = new Set([...(await heldProcesses(dataDir)), name]);
  await mkdir(path.dirname(heldFile(dataDir)), { recursive: true, mode: 0o700 });
  await replaceFile(heldFile(dataDir), JSON.stringify([...held]));
}

export async function release(dataDir: string, name: string): Promise<void> {
  const held = (await heldProcesses(dataDir)).filter((each) => each !== name);
  if (held.length === 0) await releaseAll(dataDir);
  else await replaceFile(heldFile(dataDir), JSON.stringify(held));
}

/** A consortium that is started runs as a whole, whatever an interrupted operation had stopped. */
export async function releaseAll(dataDir: string): Promise<void> {
  await rm(heldFile(dataDir), { force: true });
}
