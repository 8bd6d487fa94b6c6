import { setTimeout as sleep } from 'node:timers/promises';
import { follow, type Progress } from '@consent-ledger/audit';
import { Command } from 'commander';
import { catchUp, stoppedInWords } from '../audit/catch-up.js';
import {
  asUserError,
  openAudited,
  withProjectionOptions,
  type Audited,
  type ProjectionOptions,
} from '../audit/projection-options.js';
import { terminal, type Terminal } from '../terminal/terminal.js';
import { EXIT, UserError } from '../user-error.js';
import { examples } from './options.js';
import { stopRequests } from './signals.js';

/** `consent-ledger audit follow` */
export function auditFollowVerb(done: (exitCode: number) => void): Command {
  return withProjectionOptions(new Command('follow'))
    .description(
      'Keep the read model that all questions are answered from up with the own peer, until it is ended. Every other audit command does the same first, as far as the peer is by then.',
    )
    .addHelpText(
      'after',
      `
It stops, loudly and with exit code 1, at a gap, a fork or a changed block. Another one may follow into the same projection.
${examples('audit follow', 'audit follow --as riverside', 'audit follow --configuration /etc/consent-ledger/gateway.json')}`,
    )
    .action(async (options: ProjectionOptions) => {
      done(await withAudited(options, followUntilEnded));
    });
}

/** `consent-ledger audit rebuild` */
export function auditRebuildVerb(done: (exitCode: number) => void): Command {
  return withProjectionOptions(new Command('rebuild'))
    .description('Throw the read model away and make it again from the genesis block on.')
    .addHelpText(
      'after',
      examples('audit rebuild', 'audit rebuild --projection postgresql://audit@db.example/audit'),
    )
    .action(async (options: ProjectionOptions) => {
      done(
        await withAudited(options, async (audited, out) => {
          await audited.store.clear();
          const height = await catchUp(audited, out);
          out.print(`The projection has ${height} blocks.`);
          return EXIT.ok;
        }),
      );
    });
}

async function withAudited(
  options: ProjectionOptions,
  work: (audited: Audited, out: Terminal) => Promise<number>,
): Promise<number> {
  const audited = await openAudited(options);
  try {
    return await work(audited, terminal());
  } catch (error) {
    throw asUserError(error);
  } finally {
    await audited.close();
  }
}

async function followUntilEnded(audited: Audited, out: Terminal): Promise<number> {
  const stop = stopRequests();
  try {
    const height = await catchUp(audited, out);
    out.say(`The projection has ${height} blocks and follows.`);
    await followOn(audited, stop.signal, out);
    return EXIT.ok;
  } finally {
    stop.release();
  }
}

const FIRST_PAUSE_MS = 500;
const LONGEST_PAUSE_MS = 15_000;

/**
 * Follows until the signal aborts, whatever the peer does in between: it may be started again, or be out of reach.
 * @throws UserError where what it delivers does not go on from what was folded
 */
export async function followOn(
  { peer, store }: Audited,
  signal: AbortSignal,
  out: Terminal,
  onProgress?: (progress: Progress) => void,
): Promise<void> {
  let pause = FIRST_PAUSE_MS;
  while (!signal.aborted) {
    try {
      await stoppedInWords(
        follow({
          store,
          source: peer.source,
          ledger: peer.ledgerId,
          chaincode: peer.chaincode,
          collections: peer.collections,
          signal,
          onProgress: (progress) => {
            pause = FIRST_PAUSE_MS;
            onProgress?.(progress);
          },
        }),
      );
    } catch (error) {
      if (error instanceof UserError || asUserError(error) !== error) throw error;
      out.say(
        `The peer does not answer (${error instanceof Error ? error.message : 'no reason'}): tried again.`,
      );
    }
    await sleep(pause, undefined, { signal }).catch(() => undefined);
    pause = Math.min(2 * pause, LONGEST_PAUSE_MS);
  }
}
