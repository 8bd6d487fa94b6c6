import { mkdirSync } from 'node:fs';
import { access, constants, readdir, readFile } from 'node:fs/promises';
import path from 'node:path';
import { dataLayout, replaceFile, type Topology } from '@consent-ledger/network';
import { z } from 'zod';
import { badInput, systemCode, UserError } from '../user-error.js';

const recordSchema = z.strictObject({
  version: z.literal(1),
  ledger: z.enum(['embedded', 'fabric']),
  portBase: z.int(),
  /** The topology as it was read, defaults filled in. */
  topology: z.record(z.string(), z.json()),
});

export type LedgerKind = z.output<typeof recordSchema>['ledger'];

/** What a data folder was made for. Everything in it (identities, genesis block, ledger) hangs on that. */
export interface ConsortiumRecord {
  readonly ledger: LedgerKind;
  readonly portBase: number;
  readonly topology: Topology;
}

/** Writes down what the consortium is from now on, after an operation on it. */
export async function writeRecord(dataDir: string, record: ConsortiumRecord): Promise<void> {
  await replaceFile(dataLayout(dataDir).record, `${JSON.stringify({ version: 1, ...record }, null, 2)}\n`);
}

/** Reads the record, or undefined when the folder does not exist or is empty. Refuses any other folder. */
export async function readRecord(dataDir: string): Promise<ConsortiumRecord | undefined> {
  const file = dataLayout(dataDir).record;
  let text: string;
  try {
    text = await readFile(file, 'utf8');
  } catch (error) {
    if (systemCode(error) === 'ENOTDIR')
      throw badInput(`${dataDir} is not a folder: choose another --data-dir.`);
    if (systemCode(error) !== 'ENOENT') throw asUserError(error, dataDir);
    if (await isEmptyOrMissing(dataDir)) return undefined;
    throw badInput(
      `${dataDir} is not empty and not a data folder of consent-ledger (no consortium.json): choose another --data-dir.`,
    );
  }
  try {
    const { topology, ...record } = recordSchema.parse(JSON.parse(text));
    // It was parsed by the topology's own schema before it was written.
    return { ...record, topology: topology as unknown as Topology };
  } catch (cause) {
    throw badInput(
      `${file} is damaged or of another version: restore it from a backup, or start afresh with \`consent-ledger reset\`.`,
      { cause },
    );
  }
}

const GATEWAY_SETTINGS: ReadonlySet<string> = new Set([
  'labelTable',
  'qualityTable',
  'studyProfiles',
  'passkeys',
  'notifications',
  'studyAlerts',
  'records',
  'keyStore',
  'encryptionKey',
]);

/**
 * Takes a folder for a consortium, or checks that it was taken for this one. Written before anything else, so that
 * an interrupted start can be told from a foreign folder, and is simply finished by the next one.
 */
export async function claimFolder(dataDir: string, wanted: ConsortiumRecord): Promise<void> {
  const existing = await readRecord(dataDir);
  if (existing) {
    refuseOther(dataDir, existing, wanted);
    await requireWritable(dataDir);
    if (JSON.stringify(existing.topology) !== JSON.stringify(wanted.topology))
      await writeRecord(dataDir, wanted);
    return;
  }
  try {
    mkdirSync(dataDir, { recursive: true, mode: 0o700 });
    await writeRecord(dataDir, wanted);
  } catch (error) {
    throw asUserError(error, dataDir);
  }
}

function refuseOther(dataDir: string, existing: ConsortiumRecord, wanted: ConsortiumRecord): void {
  const instead = 'use another --data-dir, or start afresh with `consent-ledger reset`';
  if (existing.ledger !== wanted.ledger) {
    throw badInput(`${dataDir} was made for --ledger ${existing.ledger}: ${instead}.`);
  }
  if (JSON.stringify(madeOf(existing.topology)) !== JSON.stringify(madeOf(wanted.topology))) {
    throw badInput(`${dataDir} holds the consortium of another topology: ${instead}.`);
  }
  if (existing.portBase !== wanted.portBase) {
    throw badInput(
      `${dataDir} was made with --port-base ${existing.portBase}, and its members are registered with those addresses: ${instead}.`,
    );
  }
}

/** Less what a gateway alone goes by, at each start anew. */
function madeOf({ organisations, ...topology }: Topology): object {
  return {
    ...topology,
    organisations: organisations.map((organisation) =>
      Object.fromEntries(Object.entries(organisation).filter(([key]) => !GATEWAY_SETTINGS.has(key))),
    ),
  };
}

async function requireWritable(dataDir: string): Promise<void> {
  try {
    await access(dataDir, constants.W_OK | constants.X_OK);
  } catch (error) {
    throw asUserError(error, dataDir);
  }
}

async function isEmptyOrMissing(dataDir: string): Promise<boolean> {
  try {
    // A record that was being written when the machine stopped is nothing yet.
    return (await readdir(dataDir)).every((name) => name.startsWith('.consortium.json.'));
  } catch (error) {
    if (systemCode(error) === 'ENOENT') return true;
    throw asUserError(error, dataDir);
  }
}

/** Says what to do about what the file system refused; any other error comes back as it is. */
export function asUserError(error: unknown, dataDir: string): unknown {
  const code = systemCode(error) ?? '';
  const folder = path.resolve(dataDir);
  if (['EACCES', 'EPERM', 'EROFS'].includes(code)) {
    return new UserError(
      `No permission to write to ${folder}: choose another --data-dir, or give this user access.`,
    );
  }
  if (code === 'ENOSPC') {
    return new UserError(`No space left for ${folder}: free some, or choose another --data-dir.`);
  }
  if (['ENOTDIR', 'EEXIST'].includes(code)) {
    return badInput(
      `${folder} cannot be a folder, because a file is in its place: choose another --data-dir.`,
    );
  }
  return error;
}

/** Whether there is anything in the folder. Throws a UserError when that is not ours to delete. */
export async function requireOurs(dataDir: string): Promise<boolean> {
  try {
    await access(dataLayout(dataDir).record);
    return true; // also a damaged one: `reset` is the way out of that
  } catch (error) {
    if (systemCode(error) !== 'ENOENT') throw asUserError(error, dataDir);
    return (await readRecord(dataDir)) !== undefined;
  }
}
