import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { dataLayout, isKeptElsewhere, type Organisation } from '@consent-ledger/network';
import { existingConsortium, type Consortium } from '../consortium/consortium.js';
import { ledgerHeight } from '../consortium/ledger-height.js';
import { programs } from '../consortium/processes.js';
import { runAttached, type Ended } from './attached-process.js';
import { lastSigned, noteAttempt } from './signed-so-far.js';

/** A round looks at every member that is run here, one after the other. */
const PAUSE_MS = 15_000;
/** One that takes longer has a peer that does not answer, or a long history to read; the next round goes on from where it was. */
const SIGNING_MS = 120_000;
/** Where a gateway does not tell how far the ledger is, its member tries so often. */
const BLIND_MS = 300_000;

/**
 * Has each member that is run here sign the checkpoints that are due, for as long as the consortium is up. What signs is `audit checkpoint sign` in a
 * process of its own, with that member's configuration and nobody else's, which is there only while it signs. It keeps its place in the member's data
 * folder, so that an interrupted one is made up for by the next.
 *
 * @param say what somebody has to look at
 * @param signal ends it, and what signs just then
 */
export async function signByItself(
  dataDir: string,
  say: (line: string) => void,
  signal: AbortSignal,
): Promise<void> {
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

function sign({ dataDir }: Consortium, name: string, signal: AbortSignal): Promise<Ended> {
  const log = path.join(dataLayout(dataDir).logs, `checkpoints-${name}.log`);
  const command = ['audit', 'checkpoint', 'sign', '--as', name, '--data-dir', dataDir];
  return runAttached([programs().cli, ...command], { log, signal, deadlineMs: SIGNING_MS });
}
