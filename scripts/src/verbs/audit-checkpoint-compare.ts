import { readFile } from 'node:fs/promises';
import { checkpointText, parseCheckpoint } from '@consent-ledger/chaincode/wire';
import { Command } from 'commander';
import { withPeerOptions, type PeerOptions } from '../audit/peer-options.js';
import { lineOfText, textOfLine } from '../checkpoints/one-line.js';
import type { OwnPeer } from '../audit/own-peer.js';
import type { Terminal } from '../terminal/terminal.js';
import { badInput, EXIT, systemCode, UserError } from '../user-error.js';
import { ownCheckpoint, withPeer } from './audit-checkpoint-sign.js';
import { examples } from './options.js';

interface Options extends PeerOptions {
  readonly json?: true;
}

/** `consent-ledger audit checkpoint compare` */
export function checkpointCompareVerb(done: (exitCode: number) => void): Command {
  return withPeerOptions(new Command('compare'))
    .description('Whether the own peer has the history that another member’s line stands for.')
    .argument('<line or file...>', 'what `audit checkpoint show` printed or wrote')
    .option('--json', 'the same for machines')
    .addHelpText(
      'after',
      `
Exit codes: 0 one history, 1 two histories, 2 bad input.
${examples('audit checkpoint compare 300.note', 'audit checkpoint compare "consent-ledger/3f0c… 9120 J5r4… block 300 …"')}`,
    )
    .action(async (given: readonly string[], options: Options) => {
      done(await withPeer(options, (peer, out) => compare(peer, given.join(' '), options, out)));
    });
}

async function compare(peer: OwnPeer, given: string, { json }: Options, out: Terminal): Promise<number> {
  const text = textOfLine((await fileContent(given)) ?? given);
  const theirs = text === undefined ? undefined : parseCheckpoint(text);
  if (theirs === undefined) throw badInput('That is neither the line of a checkpoint nor a file with one.');
  if (theirs.ledger !== peer.ledgerId)
    throw badInput(`That is a checkpoint of ledger ${theirs.ledger}, the peer's is ${peer.ledgerId}.`);
  const height = await peer.height();
  if (theirs.block >= height)
    throw new UserError(`The own peer has come to block ${height - 1} and not yet to block ${theirs.block}.`);
  const ours = checkpointText(await ownCheckpoint(peer, theirs.block));
  const isSame = ours === text;
  if (json) out.printJson({ same: isSame, block: theirs.block, line: lineOfText(ours) });
  else if (isSame) out.print(`One history up to block ${theirs.block}, ${theirs.size} entries.`);
  else {
    out.print(`TWO HISTORIES: up to block ${theirs.block} the own peer has another one.`);
    out.print(lineOfText(ours));
  }
  return isSame ? EXIT.ok : EXIT.failed;
}

async function fileContent(name: string): Promise<string | undefined> {
  try {
    return await readFile(name, 'utf8');
  } catch (error) {
    // A line is no name of a file.
    if (['ENOENT', 'ENAMETOOLONG', 'ENOTDIR'].includes(systemCode(error) ?? '')) return undefined;
    throw badInput(`${name} cannot be read (${systemCode(error) ?? 'no reason'}).`, { cause: error });
  }
}
