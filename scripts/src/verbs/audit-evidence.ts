import { createWriteStream } from 'node:fs';
import { rename, rm } from 'node:fs/promises';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { writeBundle, type About } from '@consent-ledger/audit';
import { Command } from 'commander';
import { openOwnPeer, type OwnPeer } from '../audit/own-peer.js';
import { withPeerOptions, configurationFile, type PeerOptions } from '../audit/peer-options.js';
import { terminal } from '../terminal/terminal.js';
import { badInput, EXIT, systemCode } from '../user-error.js';
import { examples } from './options.js';

interface Options extends PeerOptions, About {
  readonly out: string;
}

/** `consent-ledger audit evidence` */
export function auditEvidenceVerb(done: (exitCode: number) => void): Command {
  return withPeerOptions(new Command('evidence'))
    .description(
      'Write an evidence bundle: the whole history with the private data that this member may read, so that anybody can verify it with `consent-ledger verify` and the fingerprint of the genesis block, without this ledger and without trusting anybody.',
    )
    .requiredOption('--out <file>', 'where to write it')
    .option('--subject <id>', 'whose accesses the report is about; the proof is of everything')
    .option('--record <id>', 'which record the report is about')
    .option('--member <msp id>', 'which requesting member the report is about')
    .addHelpText(
      'after',
      `
Whoever has the file reads all that this member may read: hand it to whom that may be shown.
${examples('audit evidence --out history.evidence', 'audit evidence --subject 5b3f… --out history.evidence')}`,
    )
    .action(async (options: Options) => {
      done(await evidence(options));
    });
}

async function evidence(options: Options): Promise<number> {
  const out = terminal();
  const peer = await openOwnPeer(await configurationFile(options));
  try {
    const height = await peer.height();
    await out.task(`Writing ${height} blocks`, () => writeFile(peer, height, options));
    out.print(`${options.out} holds blocks 0 to ${height - 1} of ledger`);
    out.print(peer.ledgerId);
    out.print(`Verify it anywhere: consent-ledger verify ${options.out} --ledger ${peer.ledgerId}`);
    return EXIT.ok;
  } finally {
    peer.close();
  }
}

/** The file is there whole or not at all. */
async function writeFile(peer: OwnPeer, height: number, options: Options): Promise<void> {
  const { out, subject, record, member } = options;
  const about: About = {
    ...(subject !== undefined && { subject }),
    ...(record !== undefined && { record }),
    ...(member !== undefined && { member }),
  };
  const lines = writeBundle(
    { ledger: peer.ledgerId, chaincode: peer.chaincode, collections: peer.collections, about },
    peer.blocks(height),
  );
  const partial = `${out}.partial`;
  try {
    await pipeline(Readable.from(lines), createWriteStream(partial, { mode: 0o600, flush: true }));
    await rename(partial, out);
  } catch (error) {
    await rm(partial, { force: true });
    const code = systemCode(error);
    if (code === undefined || !/^E[A-Z]+$/.test(code)) throw error;
    throw badInput(`${out} cannot be written (${code}).`, { cause: error });
  }
}
