import { existsSync } from 'node:fs';
import path from 'node:path';
import { ChainError, verifyChain, type VerifiedChain } from '@consent-ledger/audit';
import { openStoppedLedger, type StoppedLedger } from '@consent-ledger/network/embedded/stopped-ledger';
import { StoreError } from '@consent-ledger/network/embedded/store/store-error';
import { Command } from 'commander';
import { terminal, type Terminal } from '../terminal/terminal.js';
import { badInput, EXIT } from '../user-error.js';
import { examples, parseFingerprint, withDataDir, type DataDirOption } from './options.js';

interface CheckOptions extends DataDirOption {
  readonly ledger?: string;
  readonly json?: true;
}

interface Sound {
  readonly blocks: number;
  readonly ledger: string;
  readonly transactionsByCode: Readonly<Record<string, number>>;
  readonly commitHash: string;
  /** Whether something beside the ledger says which block was the last. */
  readonly endIsKnown: boolean;
}

/** What is not as it should be; `block` is the first of which that is so. */
class Unsound extends Error {
  constructor(
    message: string,
    readonly block: number | undefined,
  ) {
    super(message);
  }
}

const SAID_EVERY_MS = 5_000;

/** `consent-ledger ledger` */
export function ledgerVerb(done: (exitCode: number) => void): Command {
  return new Command('ledger').description('The embedded ledger, while nothing runs.').addCommand(
    withDataDir(new Command('check'))
      .description(
        'Judge every transaction again, from the genesis block on, and compare what comes of it with what is stored. Changes nothing.',
      )
      .option(
        '--ledger <fingerprint>',
        'that it must be this ledger: SHA-256 of the genesis block’s header, 64 hex digits',
        parseFingerprint,
      )
      .option('--json', 'the verdict for machines')
      .addHelpText(
        'after',
        `
The data folder may be a copy, on a medium that cannot be written. Exit codes: 0 sound, 1 not, 2 bad input.
${examples('ledger check', 'ledger check --data-dir /mnt/copy --ledger 3f0c…')}`,
      )
      .action(async (options: CheckOptions) => {
        done(await check(options));
      }),
  );
}

async function check({ dataDir, ledger: expected, json }: CheckOptions): Promise<number> {
  const out = terminal();
  const folder = ledgerFolder(path.resolve(dataDir));
  try {
    const sound = await checkFolder(folder, expected, out);
    if (json) out.printJson({ verdict: 'sound', ...sound });
    else show(sound, out);
    return EXIT.ok;
  } catch (error) {
    if (!(error instanceof Unsound)) throw error;
    const { block, message } = error;
    if (json)
      out.printJson({ verdict: 'unsound', ...(block !== undefined && { block }), explanation: message });
    else out.print(`Not sound: ${message}.`);
    return EXIT.failed;
  }
}

/** The store lies in the data folder; a copy may be of the store alone. */
function ledgerFolder(dataDir: string): string {
  const inside = path.join(dataDir, 'ledger');
  return existsSync(inside) ? inside : dataDir;
}

async function checkFolder(folder: string, expected: string | undefined, out: Terminal): Promise<Sound> {
  let ledger: StoppedLedger | undefined;
  try {
    ledger = openStoppedLedger(folder);
    const opened = ledger;
    if (expected !== undefined && ledger.id.toString('hex') !== expected) {
      throw new Unsound(`it is ledger ${ledger.id.toString('hex')}`, undefined);
    }
    const chain = await out.task('Verifying the chain of blocks', () => verifyChain(opened.blocks()));
    const progress = reporting(2 * ledger.height, out);
    const { commitHash, isWitnessed } = await out.task('Judging every transaction again', () =>
      opened.check(progress),
    );
    return {
      blocks: chain.height,
      ledger: chain.ledgerId,
      transactionsByCode: byCode(chain),
      commitHash: commitHash.toString('hex'),
      endIsKnown: isWitnessed,
    };
  } catch (error) {
    throw asUnsound(error);
  } finally {
    ledger?.close();
  }
}

function asUnsound(error: unknown): unknown {
  if (error instanceof ChainError) return new Unsound(error.message, error.blockNumber);
  if (!(error instanceof StoreError)) return error;
  const { problem, block, message } = error;
  if (problem === 'damaged') return new Unsound(message, block);
  return badInput(`${message.charAt(0).toUpperCase()}${message.slice(1)}.`, { cause: error });
}

function reporting(all: number, out: Terminal): (done: number) => void {
  let said = Date.now();
  return (done) => {
    if (Date.now() - said < SAID_EVERY_MS) return;
    said = Date.now();
    out.say(`${Math.floor((100 * done) / all)} %`);
  };
}

function byCode({ transactionsByCode }: VerifiedChain): Record<string, number> {
  return Object.fromEntries([...transactionsByCode].sort(([one], [other]) => one - other));
}

function show({ blocks, ledger, transactionsByCode, commitHash, endIsKnown }: Sound, out: Terminal): void {
  const { 0: valid = 0, ...invalid } = transactionsByCode;
  const refused = Object.entries(invalid).map(([code, count]) => `${count} with code ${code}`);
  out.print(
    `Sound: ${blocks} blocks of ledger ${ledger}, the last with commit hash ${commitHash || 'none'}.`,
  );
  out.print(
    `${valid} valid transactions, ${refused.length === 0 ? 'none invalid' : `invalid ${refused.join(', ')}`}: each was judged again, and the same came of it.`,
  );
  if (!endIsKnown)
    out.print('Whether blocks are missing at its end cannot be told: transient.db was not copied.');
}
