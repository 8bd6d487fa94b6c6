import { Command } from 'commander';
import { bringUp } from '../consortium/bring-up.js';
import { wantedConsortium } from '../consortium/consortium.js';
import { describe } from '../consortium/summary.js';
import { terminal } from '../terminal/terminal.js';
import { EXIT } from '../user-error.js';
import { demo } from './demo.js';
import {
  examples,
  withCheckpointsOption,
  withUpOptions,
  type CheckpointsOption,
  type UpOptions,
} from './options.js';
import { aborted, stopRequests } from './signals.js';
import { stayUp } from './stay-up.js';

interface Options extends UpOptions, CheckpointsOption {
  readonly once?: true;
}

/** `consent-ledger start`, which is what `npm start` runs */
export function startVerb(done: (exitCode: number) => void): Command {
  return withCheckpointsOption(withUpOptions(new Command('start')))
    .description('Bring the consortium up, play the demo, and stay until Ctrl-C. What `npm start` runs.')
    .option('--once', 'stop after the demo; exit code 0 only if every step came out as it must')
    .addHelpText('after', examples('start', 'start --once --port-base 8000 --data-dir /var/lib/consortium-b'))
    .action(async (options: Options) => {
      done(await start(options));
    });
}

async function start(options: Options): Promise<number> {
  const out = terminal();
  const consortium = await wantedConsortium(options);
  const { signal, release } = stopRequests();
  try {
    const running = await bringUp(consortium, out, signal);
    describe(consortium).forEach(out.print);
    if ('supervisor' in running) {
      const exitCode = await demo(consortium, out);
      out.say(`It was up already and stays, under process ${running.supervisor.pid}.`);
      return exitCode;
    }
    try {
      const exitCode = await Promise.race([
        demo(consortium, out),
        aborted(signal, true).then(() => EXIT.failed),
      ]);
      if (options.once || signal.aborted) return exitCode;
      out.say('It stays up; press Ctrl-C to stop it. `consent-ledger --help` shows what else there is.');
      await stayUp(consortium.dataDir, options, out.say, signal);
      return exitCode;
    } finally {
      await out.task('Stopping', running.stop);
    }
  } catch (error) {
    if (signal.aborted && error === signal.reason) return EXIT.failed;
    throw error;
  } finally {
    release();
  }
}
