import { setTimeout as sleep } from 'node:timers/promises';
import { checkpointNote, type Checkpoint } from '@consent-ledger/chaincode/wire';
import { Command, InvalidArgumentError } from 'commander';
import { openOwnPeer, type OwnPeer } from '../audit/own-peer.js';
import { configurationFile, withPeerOptions, type PeerOptions } from '../audit/peer-options.js';
import { historyUpTo } from '../checkpoints/at-block.js';
import { lineOfText } from '../checkpoints/one-line.js';
import {
  compared,
  signDue,
  signOne,
  stoppedForPeople,
  type ComparedCheckpoint,
} from '../checkpoints/signing.js';
import { writeWhole } from '../files.js';
import { terminal, type Terminal } from '../terminal/terminal.js';
import { badInput, EXIT } from '../user-error.js';
import { examples } from './options.js';
import { stopRequests } from './signals.js';

interface SignOptions extends PeerOptions {
  readonly block?: number;
  readonly follow?: true;
}

interface ShowOptions extends PeerOptions {
  readonly block?: number;
  readonly out?: string;
  readonly json?: true;
}

/** `consent-ledger audit checkpoint sign` */
export function checkpointSignVerb(done: (exitCode: number) => void): Command {
  return withPeerOptions(new Command('sign'))
    .description(
      'Work out the checkpoints that are due from the blocks of the own peer, sign them with the member’s certificate, and put the signatures on the ledger, where every member reads them.',
    )
    .option('--block <block>', 'sign this block, due or not', parseBlock)
    .option('--follow', 'go on until it is ended')
    .addHelpText(
      'after',
      `
Due is each block whose number is a multiple of the topology's checkpointBlocks (100). Exit codes: 0 done, 1 a member has signed another history, 2 bad input.
${examples('audit checkpoint sign', 'audit checkpoint sign --as riverside --follow', 'audit checkpoint sign --block 42')}`,
    )
    .action(async (options: SignOptions) => {
      done(await withPeer(options, (peer, out) => sign(peer, options, out)));
    });
}

/** `consent-ledger audit checkpoint show` */
export function checkpointShowVerb(done: (exitCode: number) => void): Command {
  return withPeerOptions(new Command('show'))
    .description(
      'Print in one line what the own peer’s history is up to a block, to be compared with any other member’s, and who has signed the same.',
    )
    .option('--block <block>', 'up to this block (default: the newest that is due)', parseBlock)
    .option('--out <file>', 'write it as a signed note (C2SP tlog-checkpoint)')
    .option('--json', 'the same for machines')
    .addHelpText(
      'after',
      examples('audit checkpoint show', 'audit checkpoint show --block 300 --out 300.note'),
    )
    .action(async (options: ShowOptions) => {
      done(await withPeer(options, (peer, out) => show(peer, options, out)));
    });
}

export function parseBlock(text: string): number {
  if (!/^\d{1,15}$/.test(text))
    throw new InvalidArgumentError('It must be the number of a block, such as 300.');
  return Number(text);
}

/** Throws a UserError where the peer's blocks are no history. */
export async function withPeer(
  options: PeerOptions,
  work: (peer: OwnPeer, out: Terminal) => Promise<number>,
): Promise<number> {
  const peer = await openOwnPeer(await configurationFile(options), 'blocks');
  try {
    return await work(peer, terminal());
  } catch (error) {
    throw stoppedForPeople(error);
  } finally {
    peer.close();
  }
}

const PAUSE_MS = 5_000;

async function sign(peer: OwnPeer, { block, follow }: SignOptions, out: Terminal): Promise<number> {
  const different = new Set<string>();
  const say = (found: ComparedCheckpoint): void => {
    sayWhoSigned(found, out);
    for (const mspId of found.differ) different.add(mspId);
  };
  if (block !== undefined) {
    say(await signOne(peer, await ownCheckpoint(peer, block)));
    return different.size > 0 ? EXIT.failed : EXIT.ok;
  }
  const stop = stopRequests();
  try {
    do {
      await signDue(peer, await peer.height(), say);
      if (follow) await sleep(PAUSE_MS, undefined, { signal: stop.signal }).catch(() => undefined);
    } while (follow && !stop.signal.aborted);
  } finally {
    stop.release();
  }
  return different.size > 0 ? EXIT.failed : EXIT.ok;
}

async function show(peer: OwnPeer, { block, out: file, json }: ShowOptions, out: Terminal): Promise<number> {
  const every = peer.configuration.ledger.checkpointBlocks;
  const due = Math.floor(((await peer.height()) - 1) / every) * every;
  const found = await compared(peer, await ownCheckpoint(peer, block ?? due));
  const { text, signatures, agree, differ } = found;
  if (file !== undefined) {
    const same = signatures.filter((one) => one.checkpoint === text);
    await writeWhole(file, [checkpointNote(text, same)]);
  }
  if (json) out.printJson({ line: lineOfText(text), signed: agree, signedOtherwise: differ });
  else {
    out.print(lineOfText(text));
    sayWhoSigned(found, out);
  }
  return differ.length > 0 ? EXIT.failed : EXIT.ok;
}

/** Throws a UserError where the own peer has not come so far. */
export async function ownCheckpoint(peer: OwnPeer, block: number): Promise<Checkpoint> {
  const checkpoint = (await historyUpTo(peer, Math.min(block, (await peer.height()) - 1))).checkpointAt(
    block,
  );
  if (checkpoint === undefined) throw badInput(`The peer has no block ${block} yet.`);
  return checkpoint;
}

function sayWhoSigned({ checkpoint, agree, differ }: ComparedCheckpoint, out: Terminal): void {
  const who = agree.length === 0 ? 'nobody yet' : agree.join(', ');
  out.say(`Block ${checkpoint.block}: signed by ${who}.`);
  if (differ.length === 0) return;
  out.say(
    `ANOTHER HISTORY: ${differ.join(', ')} signed something else for block ${checkpoint.block}. Compare with other members before anything else.`,
  );
}
