import { createReadStream } from 'node:fs';
import {
  EvidenceRefused,
  linesOf,
  verifyBundle,
  verifyCompact,
  type CompactEvidence,
  type Evidence,
} from '@consent-ledger/audit';
import { judgeBlocks } from '@consent-ledger/network/embedded/verification/block-judge';
import { judgeConfigurations } from '@consent-ledger/network/embedded/verification/configuration-judge';
import { Command } from 'commander';
import { terminal } from '../terminal/terminal.js';
import { compactClaimOf, compactWordsOf } from '../checkpoints/compact-words.js';
import { badInput, EXIT, systemCode } from '../user-error.js';
import { examples, parseFingerprint } from './options.js';

interface Options {
  readonly ledger: string;
  readonly require?: readonly string[];
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
    .option(
      '--require <msp id...>',
      'of a compact bundle: believe nothing that these members have not signed as well',
    )
    .option('--json', 'the verdict for machines')
    .addHelpText(
      'after',
      `
A full bundle proves "this is all of it", from the orderers' signatures. A compact one proves "these events are in the history", from a checkpoint
that more than half of the channel's organisations have signed, an oversight organisation among them.
Exit codes: 0 proved, 1 refused, 2 bad input.
${examples('verify history.evidence --ledger 3f0c…', 'verify mine.evidence --ledger 3f0c… --require SentinelMSP LakesideMSP')}`,
    )
    .action(async (file: string, options: Options) => {
      done(await verify(file, options));
    });
}

async function verify(file: string, options: Options): Promise<number> {
  const out = terminal();
  const { json } = options;
  try {
    const proved = await out.task('Verifying', () => verifyFile(file, options));
    if (json) out.printJson({ verdict: 'proved', claim: proved.claim, ...proved.evidence });
    else for (const line of proved.lines) out.print(line);
    return EXIT.ok;
  } catch (error) {
    if (!(error instanceof EvidenceRefused)) throw error;
    const { rule, place, message } = error;
    if (json) out.printJson({ verdict: 'refused', rule, ...place, explanation: message });
    else out.print(`Refused: ${message} (${[rule, ...placeOf(place)].join(', ')}).`);
    return EXIT.failed;
  }
}

interface Proved {
  readonly claim: string;
  readonly evidence: Evidence | CompactEvidence;
  readonly lines: readonly string[];
}

async function verifyFile(file: string, options: Options): Promise<Proved> {
  const stream = createReadStream(file);
  try {
    const lines = linesOf(stream);
    const first = await lines.next();
    if (first.done === true) throw new EvidenceRefused('format', {}, 'it is empty');
    const all = chained(first.value, lines);
    return isCompact(first.value) ? await provedCompact(all, options) : await provedFull(all, options);
  } catch (error) {
    const code = systemCode(error);
    if (code === undefined || !/^E[A-Z]+$/.test(code)) throw error;
    throw badInput(`${file} cannot be read (${code}).`, { cause: error });
  } finally {
    stream.destroy();
  }
}

/** Only a compact bundle that says so in the place where it has to; everything else is refused as a full one. */
function isCompact(header: string): boolean {
  return header.includes('"kind":"compact"');
}

async function provedFull(lines: AsyncIterable<string>, { ledger, require }: Options): Promise<Proved> {
  if (require !== undefined)
    throw badInput('A full bundle rests on the orderers’ signatures: --require is for compact ones.');
  const judges: { close(): void }[] = [];
  try {
    const evidence = await verifyBundle(lines, {
      ledger,
      inParallel: true,
      judge: (genesis) => {
        const judge = judgeBlocks(genesis);
        judges.push(judge);
        return judge;
      },
    });
    return { claim: claimOf(evidence), evidence, lines: wordsOf(evidence) };
  } finally {
    for (const judge of judges) judge.close();
  }
}

async function provedCompact(lines: AsyncIterable<string>, { ledger, require }: Options): Promise<Proved> {
  const all: string[] = [];
  for await (const line of lines) all.push(line);
  const evidence = verifyCompact(all, {
    ledger,
    configurations: judgeConfigurations,
    ...(require !== undefined && { required: require }),
  });
  return { claim: compactClaimOf(evidence), evidence, lines: compactWordsOf(evidence) };
}

async function* chained(first: string, rest: AsyncIterable<string>): AsyncGenerator<string> {
  yield first;
  yield* rest;
}

function placeOf({ block, transaction, line }: EvidenceRefused['place']): string[] {
  return [
    ...(line === undefined ? [] : [`line ${line + 1}`]),
    ...(block === undefined ? [] : [`block ${block}`]),
    ...(transaction === undefined ? [] : [`transaction ${transaction}`]),
  ];
}

/** Whoever wrote the bundle chose chaincode and collections, so what was proved says which they are. */
function claimOf({ header, blocks }: Evidence): string {
  const { chaincode, collections, ledger } = header;
  return `This is all of it: every access that chaincode ${chaincode} logged in ${collections.join(', ')} of ledger ${ledger} up to block ${blocks - 1}, and each was decided as the rules of its day say.`;
}

function wordsOf(evidence: Evidence): string[] {
  const { blocks, transactions, ordering, purged, replay } = evidence;
  const gaps = replay.findings.length;
  return [
    `Proved. ${claimOf(evidence)}`,
    `${blocks} blocks, signed by ${ordering === 'bft' ? 'a quorum of the orderers' : 'an orderer'} each; ${transactions.valid} valid transactions, ${transactions.invalid} not valid.`,
    `${replay.events} access events: ${replay.permitted} records permitted, ${replay.denied} denied; ${replay.deliveries} deliveries, ${replay.permitsWithoutDelivery} permits without one.`,
    purged === 0 && gaps === 0
      ? 'Nothing was purged.'
      : `${purged} private values were deleted or purged; ${gaps} events cannot be decided again for it.`,
  ];
}
