import { Command } from 'commander';
import { bringUp } from '../consortium/bring-up.js';
import { wantedConsortium } from '../consortium/consortium.js';
import { describe, summary } from '../consortium/summary.js';
import { terminal } from '../terminal/terminal.js';
import { EXIT } from '../user-error.js';
import { detach } from './detach.js';
import {
  examples,
  withCheckpointsOption,
  withUpOptions,
  type CheckpointsOption,
  type UpOptions,
} from './options.js';
import { reportToParent } from './report.js';
import { stopRequests } from './signals.js';
import { stayUp } from './stay-up.js';

interface Options extends UpOptions, CheckpointsOption {
  readonly detach?: true;
  readonly json?: true;
}

/** `consent-ledger up` */
export function upVerb(done: (exitCode: number) => void): Command {
  return withCheckpointsOption(withUpOptions(new Command('up')))
    .description(
      'Bring the consortium up and stay until Ctrl-C (or return, with --detach). Up already: changes nothing.',
    )
    .option('--detach', 'return when it is ready and leave it running')
    .option('--json', 'say where everything is as JSON')
    .addHelpText(
      'after',
      examples(
        'up',
        'up --detach',
        'up --port-base 8000 --data-dir /var/lib/consortium-b',
        'up --topology my-consortium.yaml',
      ),
    )
    .action(async (options: Options) => {
      done(options.detach ? await detach(options) : await up(options));
    });
}

async function up(options: Options): Promise<number> {
  const out = terminal(process.connected ? 'log' : 'person');
  const consortium = await wantedConsortium(options);
  const { signal, release } = stopRequests();
  try {
    const running = await bringUp(consortium, out, signal);
    if (options.json) out.printJson(summary(consortium));
    else describe(consortium).forEach(out.print);
    if ('supervisor' in running) {
      out.say(`It was up already, under process ${running.supervisor.pid}; nothing was changed.`);
      return EXIT.ok;
    }
    if (!reportToParent()) out.say('Press Ctrl-C to stop it.');
    await stayUp(consortium.dataDir, options, out.say, signal);
    await out.task('Stopping', running.stop);
    return EXIT.ok;
  } catch (error) {
    if (signal.aborted && error === signal.reason) return EXIT.ok;
    throw error;
  } finally {
    release();
  }
}
