import { Command } from 'commander';
import { joinSteps } from '@consent-ledger/network';
import { carry } from '../operations/carry.js';
import { operate } from '../operations/open.js';
import { examples, withOperationOptions, type OperationOptions } from './options.js';

const NOT_ON_EMBEDDED = 'it is on the channel as soon as it runs';

/** `consent-ledger join` */
export function joinVerb(done: (exitCode: number) => void): Command {
  return withOperationOptions(new Command('join'))
    .description(
      'Let peers and orderers that something else runs (docker compose, systemd) into the channel, and deploy the chaincode. `up` does it by itself.',
    )
    .addHelpText('after', examples('join --data-dir /var/lib/consortium'))
    .action(async (options: OperationOptions) => {
      done(
        await operate({ ...options, notOnEmbedded: NOT_ON_EMBEDDED }, ({ site, signal }) =>
          carry(joinSteps(site), { ...options, signal }),
        ),
      );
    });
}
