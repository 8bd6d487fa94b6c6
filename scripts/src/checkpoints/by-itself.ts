import { spawn } from 'node:child_process';
import { openSync, closeSync } from 'node:fs';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { dataLayout, isKeptElsewhere, type Organisation } from '@consent-ledger/network';
import { existingConsortium, type Consortium } from '../consortium/consortium.js';
import { ledgerHeight } from '../consortium/ledger-height.js';
import { ENVIRONMENT, programs } from '../consortium/processes.js';
import { isGrave, lastSigned, noteAttempt } from './signed-so-far.js';

/** A round looks at every member that is run here, one after the other. */
const PAUSE_MS = 15_000;
/** One that takes longer has no peer that answers; the next round tries again. */
const SIGNING_MS = 120_000;
/** Where a gateway does not tell how far the ledger is, its member tries so often. */
const BLIND_MS = 300_000;

/**
 * Has each member that is run here sign the checkpoints that are due, for as long as the consortium is up. What signs is `audit checkpoint sign` in a
 * process of its own, with that member's configuration and nobody else's, which is there only while it signs. It keeps its place in the member's data
 * folder, so that an interrupted one is made up for by the next.
 *
 * @param say what somebody has to look at
 */
export function signByItself(dataDir: string, say: (line: string) => void): { stop(): Promise<void> } {
  const ending = new AbortController();
  const done = follow(dataDir, say, ending.signal);
  return {
    stop: async () => {
      ending.abort();
      await done;
    },
  };
}

async function follow(dataDir: string, say: (line: string) => void, signal: AbortSignal): Promise<void> {
  const tried = new Map<string, number>();
  const troubles = new Map<string, string>();
  const isEnding = (): boolean => signal.aborted;
  for (;;) {
    await sleep(PAUSE_MS, undefined, { signal }).catch(() => undefined);
    if (isEnding()) return;
    try {
      // Operations change who is a member while it is up.
      const consortium = await existingConsortium(dataDir);
      for (const organisation of consortium.topology.organisations) {
        if (isEnding()) return;
        const trouble = await signWhereDue(consortium, organisation, tried, signal);
        if (trouble !== undefined && troubles.get(organisation.name) !== trouble)
          say(`Checkpoints of ${organisation.name}: ${trouble}`);
        if (trouble === undefined) troubles.delete(organisation.name);
        else troubles.set(organisation.name, trouble);
      }
    } catch (error) {
      say(`Checkpoints are not signed for now: ${error instanceof Error ? error.message : String(error)}`);
    }
  }
}

/** @returns what somebody has to look at */
async function signWhereDue(
  consortium: Consortium,
  organisation: Organisation,
  tried: Map<string, number>,
  signal: AbortSignal,
): Promise<string | undefined> {
  const { dataDir, topology } = consortium;
  const { name } = organisation;
  if (await isKeptElsewhere(dataDir, name)) return undefined;
  const height = await ledgerHeight(consortium, organisation).catch(() => undefined);
  const signed = (await lastSigned(dataDir, name)) ?? 0;
  const isDue =
    height === undefined
      ? Date.now() - (tried.get(name) ?? 0) >= BLIND_MS
      : isCheckpointDue(height, signed, topology.checkpointBlocks);
  if (!isDue) return undefined;
  tried.set(name, Date.now());
  const { code, last } = await sign(consortium, name, signal);
  if (signal.aborted) return undefined;
  const trouble = code === 0 ? undefined : (last ?? `it ended with code ${code ?? '?'}`);
  await noteAttempt(dataDir, name, trouble);
  return trouble;
}

/**
 * Whether there is a block to sign that was not.
 * @param height number of blocks
 * @param signed number of the last block that was signed; 0 where none was
 * @param every the topology's checkpointBlocks
 */
export function isCheckpointDue(height: number, signed: number, every: number): boolean {
  return Math.floor((height - 1) / every) * every > signed;
}

interface Ended {
  readonly code: number | null;
  /** What it said last. */
  readonly last?: string;
}

function sign({ dataDir }: Consortium, name: string, signal: AbortSignal): Promise<Ended> {
  const log = openSync(path.join(dataLayout(dataDir).logs, `checkpoints-${name}.log`), 'w', 0o600);
  const command = ['audit', 'checkpoint', 'sign', '--as', name, '--data-dir', dataDir];
  try {
    const child = spawn(process.execPath, [programs().cli, ...command], {
      stdio: ['ignore', log, 'pipe'],
      env: { ...process.env, ...ENVIRONMENT },
      signal: AbortSignal.any([signal, AbortSignal.timeout(SIGNING_MS)]),
      // It ends where it is: what it keeps is whole at any moment, and what it signed is signed once.
      killSignal: 'SIGKILL',
    });
    let said = '';
    child.stderr?.setEncoding('utf8').on('data', (text: string) => {
      said = (said + text).slice(-2_000);
    });
    return new Promise((resolve) => {
      child.once('error', (error) => {
        resolve({ code: null, last: error.message });
      });
      child.once('close', (code) => {
        const last = graveLine(said) ?? said.trimEnd().split('\n').at(-1);
        resolve({ code, ...(last !== undefined && last !== '' && { last }) });
      });
    });
  } finally {
    closeSync(log);
  }
}

/** The line that says that there are two histories, whatever was said after it. */
function graveLine(text: string): string | undefined {
  return text.split('\n').find((line) => isGrave(line));
}
