import { compactBundle } from '@consent-ledger/audit';
import { judgeConfigurations } from '@consent-ledger/network/embedded/verification/configuration-judge';
import { Command } from 'commander';
import { withPeerOptions, type PeerOptions } from '../audit/peer-options.js';
import { compactInWords } from '../checkpoints/compact-in-words.js';
import { writeWhole } from '../files.js';
import { EXIT } from '../user-error.js';
import { parseBlock, withPeer } from './audit-checkpoint-sign.js';
import { examples } from './options.js';

interface Options extends PeerOptions {
  readonly from: number;
  readonly out: string;
}

/** `consent-ledger audit checkpoint prove` */
export function checkpointProveVerb(done: (exitCode: number) => void): Command {
  return withPeerOptions(new Command('prove'))
    .description(
      'Write a proof that the history of the newest cosigned checkpoint goes on from that of an earlier one, for `consent-ledger verify`.',
    )
    .requiredOption('--from <block>', 'block of the earlier checkpoint', parseBlock)
    .requiredOption('--out <file>', 'where to write it')
    .addHelpText('after', examples('audit checkpoint prove --from 100 --out since-100.evidence'))
    .action(async (options: Options) => {
      done(
        await withPeer(options, async (peer, out) => {
          const bundle = await compactInWords(
            compactBundle({
              ledger: peer.ledgerId,
              chaincode: peer.chaincode,
              about: {},
              blocks: peer.blocks(await peer.height()),
              configurations: judgeConfigurations,
              earlier: options.from,
            }),
          );
          await writeWhole(options.out, bundle.lines);
          out.print(
            `${options.out} proves that the history up to block ${bundle.checkpoint.block} goes on from block ${options.from}.`,
          );
          return EXIT.ok;
        }),
      );
    });
}
