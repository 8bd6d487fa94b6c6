import { rm } from 'node:fs/promises';
import path from 'node:path';
import { createInterface } from 'node:readline/promises';
import { runningFabricProcesses } from '@consent-ledger/network';
import { Command } from 'commander';
import { lockFile, stateFile } from '../consortium/paths.js';
import { asUserError, requireOurs } from '../consortium/record.js';
import { leftovers } from '../supervisor/leftovers.js';
import { lockHolder } from '../supervisor/lock.js';
import { readState } from '../supervisor/state-file.js';
import { terminal } from '../terminal/terminal.js';
import { badInput, EXIT, UserError } from '../user-error.js';
import { examples, withDataDir, type DataDirOption } from './options.js';

interface Options extends DataDirOption {
  readonly yes?: true;
}

/** `consent-ledger reset` */
export function resetVerb(done: (exitCode: number) => void): Command {
  return withDataDir(new Command('reset'))
    .description(
      'Delete the data folder of a stopped consortium: ledger, records, keys and identities, for good.',
    )
    .option('--yes', 'do not ask')
    .addHelpText('after', examples('reset', 'reset --yes --data-dir /var/lib/consortium-b'))
    .action(async (options: Options) => {
      done(await reset(options));
    });
}

async function reset(options: Options): Promise<number> {
  const out = terminal();
  const dataDir = path.resolve(options.dataDir);
  if (!(await requireOurs(dataDir))) {
    out.say(`There is nothing in ${dataDir}.`);
    return EXIT.ok;
  }
  if (await isAnythingRunning(dataDir)) {
    throw new UserError('The consortium is running: stop it first with `consent-ledger down`.');
  }
  if (!options.yes && !(await confirmed(dataDir))) {
    out.say('Nothing was deleted.');
    return EXIT.failed;
  }
  try {
    await rm(dataDir, { recursive: true });
  } catch (error) {
    throw asUserError(error, dataDir);
  }
  out.say(`Deleted ${dataDir}.`);
  return EXIT.ok;
}

async function isAnythingRunning(dataDir: string): Promise<boolean> {
  if (await lockHolder(lockFile(dataDir))) return true;
  const state = await readState(stateFile(dataDir));
  if (state && (await leftovers(state)).length > 0) return true;
  return (await runningFabricProcesses(dataDir)).length > 0;
}

async function confirmed(dataDir: string): Promise<boolean> {
  if (!process.stdin.isTTY) throw badInput(`This deletes ${dataDir} for good: repeat it with --yes.`);
  const prompt = createInterface({ input: process.stdin, output: process.stderr });
  try {
    return /^y(es)?$/i.test(
      await prompt.question(`Delete ${dataDir} with everything in it, for good? [y/N] `),
    );
  } finally {
    prompt.close();
  }
}
