import { Command } from 'commander';
import { upgradeSteps } from '@consent-ledger/network';
import { carry } from '../operations/carry.js';
import { asking } from '../operations/errors.js';
import { operate } from '../operations/open.js';
import { everythingRunsStep } from '../operations/processes.js';
import { examples, withOperationOptions, type OperationOptions } from './options.js';

interface UpgradeOptions extends OperationOptions {
  readonly version: string;
}

/** `consent-ledger chaincode` */
export function chaincodeVerb(done: (exitCode: number) => void): Command {
  return new Command('chaincode').description('The rules that every peer decides by.').addCommand(
    withOperationOptions(new Command('upgrade'))
      .description(
        'Put the chaincode of this installation in the place of the one that runs, without a moment in which nothing can be decided.',
      )
      .requiredOption(
        '--version <version>',
        'its new version, such as 0.2.0; the one it has finishes an upgrade',
      )
      .addHelpText(
        'after',
        examples('chaincode upgrade --version 0.2.0 --dry-run', 'chaincode upgrade --version 0.2.0'),
      )
      .action(async (options: UpgradeOptions) => {
        done(await upgrade(options));
      }),
  );
}

async function upgrade(options: UpgradeOptions): Promise<number> {
  return operate(options, async ({ consortium, site, saveTopology, supervised, signal }) => {
    const finish = everythingRunsStep(consortium.dataDir, supervised);
    const steps = await asking(() => upgradeSteps(site, { version: options.version, saveTopology, finish }));
    return carry(steps, { ...options, signal });
  });
}
