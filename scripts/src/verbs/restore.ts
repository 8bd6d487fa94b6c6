import path from 'node:path';
import { Command } from 'commander';
import { restoreSteps } from '@consent-ledger/network';
import { carry } from '../operations/carry.js';
import { asking } from '../operations/errors.js';
import { memberNamed, operate } from '../operations/open.js';
import { examples, withOperationOptions, type OperationOptions } from './options.js';

interface Options extends OperationOptions {
  readonly member: string;
  readonly from: string;
}

/** `consent-ledger restore` */
export function restoreVerb(done: (exitCode: number) => void): Command {
  return withOperationOptions(new Command('restore'))
    .description(
      'Put a backup in the place of what is there, and fetch from the others what has happened since. Verified first.',
    )
    .requiredOption('--member <name>', 'such as riverside')
    .requiredOption('--from <folder>', 'the backup')
    .addHelpText(
      'after',
      examples(
        'restore --member riverside --from /mnt/backup/riverside-2026-10-01 --dry-run',
        'restore --member riverside --from /mnt/backup/riverside-2026-10-01',
      ),
    )
    .action(async (options: Options) => {
      done(await restore(options));
    });
}

async function restore(options: Options): Promise<number> {
  return operate(options, async ({ consortium, site, supervised, signal }) => {
    const organisation = memberNamed(consortium, options.member);
    const gateway = supervised.gateway(organisation);
    const from = path.resolve(options.from);
    const steps = await asking(() => restoreSteps(site, { organisation, from, gateway }));
    return carry(steps, { ...options, signal });
  });
}
