import { endInOrder, runningFabricProcesses } from '@consent-ledger/network';
import { Command } from 'commander';
import { existingConsortium } from '../consortium/consortium.js';
import { lockFile, stateFile } from '../consortium/paths.js';
import { allGone, endAll, leftovers } from '../supervisor/leftovers.js';
import { lockHolder } from '../supervisor/lock.js';
import { signal } from '../supervisor/process-identity.js';
import { readState, removeState } from '../supervisor/state-file.js';
import { terminal } from '../terminal/terminal.js';
import { EXIT, UserError } from '../user-error.js';
import { examples, withDataDir, type DataDirOption } from './options.js';

const STOP_MS = 60_000;

/** `consent-ledger down` */
export function downVerb(done: (exitCode: number) => void): Command {
  return withDataDir(new Command('down'))
    .description('Stop the consortium; its data stays. Also ends what a killed supervisor left behind.')
    .addHelpText('after', examples('down', 'down --data-dir /var/lib/consortium-b'))
    .action(async (options: DataDirOption) => {
      done(await down(options));
    });
}

async function down(options: DataDirOption): Promise<number> {
  const out = terminal();
  const { dataDir } = await existingConsortium(options.dataDir);
  const supervisor = await lockHolder(lockFile(dataDir));
  if (supervisor) {
    await signal(supervisor, 'SIGTERM');
    const gone = await out.task('Stopping', () => allGone([supervisor], STOP_MS));
    if (!gone) {
      throw new UserError(
        `Process ${supervisor.pid} does not stop; its processes' logs in ${dataDir}/logs may say why.`,
      );
    }
  }
  const state = await readState(stateFile(dataDir));
  const left = state ? await leftovers(state) : [];
  if (left.length > 0)
    await out.task(`Ending ${left.length} processes of a supervisor that is gone`, () => endAll(left));
  if (state) removeState(stateFile(dataDir));
  // Fabric's processes live on when what watches them is killed.
  const fabric = await runningFabricProcesses(dataDir);
  if (fabric.length > 0) {
    await out.task(`Ending ${fabric.length} processes of Fabric that nobody watches`, () =>
      endInOrder(fabric),
    );
  }
  const any = supervisor !== undefined || left.length > 0 || fabric.length > 0;
  out.say(any ? 'Stopped.' : 'Nothing was running.');
  return EXIT.ok;
}
