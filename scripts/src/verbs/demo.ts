import { Command } from 'commander';
import { existingConsortium, type Consortium } from '../consortium/consortium.js';
import { lockFile } from '../consortium/paths.js';
import { isGatewayReady } from '../consortium/status.js';
import { printStep, runDemo } from '../demo/run.js';
import { lockHolder } from '../supervisor/lock.js';
import { terminal, type Terminal } from '../terminal/terminal.js';
import { EXIT, UserError } from '../user-error.js';
import { examples, withDataDir, type DataDirOption } from './options.js';

interface Options extends DataDirOption {
  readonly json?: true;
}

/** `consent-ledger demo` */
export function demoVerb(done: (exitCode: number) => void): Command {
  return withDataDir(new Command('demo'))
    .description(
      'Play the demo on the running consortium: consent, release, withdrawal, refusal, and the log of it.',
    )
    .option('--json', 'every step for machines')
    .addHelpText('after', examples('demo', 'demo --json | jq .ok'))
    .action(async (options: Options) => {
      const consortium = await existingConsortium(options.dataDir);
      if (!(await isRunning(consortium))) {
        throw new UserError(
          'The consortium is not running: start it with `consent-ledger up`.',
          EXIT.notRunning,
        );
      }
      done(await demo(consortium, terminal(), options.json === true));
    });
}

/** Under a supervisor, or by something else. */
async function isRunning(consortium: Consortium): Promise<boolean> {
  if ((await lockHolder(lockFile(consortium.dataDir))) !== undefined) return true;
  const { organisations } = consortium.topology;
  const ready = await Promise.all(organisations.map((each) => isGatewayReady(consortium, each)));
  return ready.every(Boolean);
}

/** Plays and tells the demo. Exit code 0 only if every step came out as it must. */
export async function demo(consortium: Consortium, out: Terminal, json = false): Promise<number> {
  const report = await runDemo(consortium, (step) => {
    if (!json) printStep(out, step);
  });
  if (json) out.printJson(report);
  else out.print('');
  if (report.failure) {
    out.say(`Step ${report.failure.step} failed: ${report.failure.message}`);
    return EXIT.failed;
  }
  if (!json) out.print(`All ${report.steps.length} steps came out as they must.`);
  return EXIT.ok;
}
