import { createReadStream } from 'node:fs';
import { createInterface } from 'node:readline';
import { EvidenceRefused, verifyBundle, type Evidence } from '@consent-ledger/audit';
import { judgeBlocks } from '@consent-ledger/network/embedded/verification/block-judge';
import { Command } from 'commander';
import { terminal, type Terminal } from '../terminal/terminal.js';
import { badInput, EXIT, systemCode } from '../user-error.js';
import { examples, parseFingerprint } from './options.js';

interface Options {
  readonly ledger: string;
  readonly json?: true;
}

/** `consent-ledger verify` */
export function verifyVerb(done: (exitCode: number) => void): Command {
  return new Command('verify')
    .description(
      'Verify an evidence bundle offline: it needs only the file and the fingerprint of the genesis block.',
    )
    .argument('<file>', 'bundle that `consent-ledger audit evidence` wrote')
    .requiredOption(
      '--ledger <fingerprint>',
      'SHA-256 of the genesis block’s header, 64 hex digits',
      parseFingerprint,
    )
    .option('--json', 'the verdict for machines')
    .addHelpText(
      'after',
      `
Exit codes: 0 proved, 1 refused, 2 bad input.
${examples('verify history.evidence --ledger 3f0c…')}`,
    )
    .action(async (file: string, options: Options) => {
      done(await verify(file, options));
    });
}

async function verify(file: string, { ledger, json }: Options): Promise<number> {
  const out = terminal();
  try {
    const evidence = await out.task('Verifying', () => verifyFile(file, ledger));
    if (json) out.printJson({ verdict: 'proved', claim: claimOf(evidence), ...evidence });
    else show(evidence, out);
    return EXIT.ok;
  } catch (error) {
    if (!(error instanceof EvidenceRefused)) throw error;
    const { rule, place, message } = error;
    if (json) out.printJson({ verdict: 'refused', rule, ...place, explanation: message });
    else out.print(`Refused: ${message} (${[rule, ...placeOf(place)].join(', ')}).`);
    return EXIT.failed;
  }
}

async function verifyFile(file: string, ledger: string): Promise<Evidence> {
  const judges: { close(): void }[] = [];
  const stream = createReadStream(file, 'utf8');
  try {
    return await verifyBundle(createInterface({ input: stream, crlfDelay: Infinity }), {
      ledger,
      judge: (genesis) => {
        const judge = judgeBlocks(genesis);
        judges.push(judge);
        return judge;
      },
    });
  } catch (error) {
    const code = systemCode(error);
    if (code === undefined || !/^E[A-Z]+$/.test(code)) throw error;
    throw badInput(`${file} cannot be read (${code}).`, { cause: error });
  } finally {
    stream.destroy();
    for (const judge of judges) judge.close();
  }
}

function placeOf({ block, transaction }: EvidenceRefused['place']): string[] {
  return [
    ...(block === undefined ? [] : [`block ${block}`]),
    ...(transaction === undefined ? [] : [`transaction ${transaction}`]),
  ];
}

/** Whoever wrote the bundle chose chaincode and collections, so what was proved says which they are. */
function claimOf({ header, blocks }: Evidence): string {
  const { chaincode, collections, ledger } = header;
  return `This is all of it: every access that chaincode ${chaincode} logged in ${collections.join(', ')} of ledger ${ledger} up to block ${blocks - 1}, and each was decided as the rules of its day say.`;
}

function show(evidence: Evidence, out: Terminal): void {
  const { blocks, transactions, ordering, purged, replay } = evidence;
  out.print(`Proved. ${claimOf(evidence)}`);
  out.print(
    `${blocks} blocks, signed by ${ordering === 'bft' ? 'a quorum of the orderers' : 'an orderer'} each; ${transactions.valid} valid transactions, ${transactions.invalid} not valid.`,
  );
  out.print(
    `${replay.events} access events: ${replay.permitted} records permitted, ${replay.denied} denied; ${replay.deliveries} deliveries, ${replay.permitsWithoutDelivery} permits without one.`,
  );
  const gaps = replay.findings.length;
  out.print(
    purged === 0 && gaps === 0
      ? 'Nothing was purged.'
      : `${purged} private values were deleted or purged; ${gaps} events cannot be decided again for it.`,
  );
}
