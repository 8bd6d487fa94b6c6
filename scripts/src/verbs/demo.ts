import { Command, InvalidArgumentError } from 'commander';
import { existingConsortium, type Consortium } from '../consortium/consortium.js';
import { lockFile } from '../consortium/paths.js';
import { isGatewayReady } from '../consortium/status.js';
import type { StepReport } from '../demo/narration.js';
import { printStep, runDemo, runTrial, type DemoReport } from '../demo/run.js';
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
      done(await demo(await runningConsortium(options), terminal(), options.json === true));
    })
    .addCommand(trialDemo(done));
}

interface TrialOptions extends Options {
  readonly participants: number;
  readonly seed: string;
}

/** `consent-ledger demo trial` */
function trialDemo(done: (exitCode: number) => void): Command {
  return new Command('trial')
    .description(
      'Play a whole clinical trial: two sites, three protocol versions, withdrawals in the middle of a transfer.',
    )
    .option('--participants <count>', 'how many', parseCount, 200)
    .option('--seed <text>', 'what the participants are made from', 'one')
    .action(async (_own: object, command: Command) => {
      const options = command.optsWithGlobals<TrialOptions>();
      const consortium = await runningConsortium(options);
      const out = terminal();
      const asJson = options.json === true;
      const tell = (step: StepReport): void => {
        if (!asJson) printStep(out, step);
      };
      done(conclude(await runTrial(consortium, options, tell), out, asJson));
    });
}

const MOST_PARTICIPANTS = 10_000;

function parseCount(text: string): number {
  const count = Number(text);
  if (!/^\d{1,5}$/.test(text) || count < 4 || count > MOST_PARTICIPANTS)
    throw new InvalidArgumentError(`It must be a whole number from 4 to ${MOST_PARTICIPANTS}.`);
  return count;
}

async function runningConsortium({ dataDir }: DataDirOption): Promise<Consortium> {
  const consortium = await existingConsortium(dataDir);
  if (await isRunning(consortium)) return consortium;
  throw new UserError('The consortium is not running: start it with `consent-ledger up`.', EXIT.notRunning);
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
  return conclude(report, out, json);
}

function conclude(report: DemoReport, out: Terminal, json: boolean): number {
  if (json) out.printJson(report);
  else out.print('');
  if (report.failure) {
    out.say(`Step ${report.failure.step} failed: ${report.failure.message}`);
    return EXIT.failed;
  }
  if (!json) out.print(`All ${report.steps.length} steps came out as they must.`);
  return EXIT.ok;
}
