import { Command, CommanderError } from 'commander';
import { tolerateClosedPipes } from './terminal/terminal.js';
import { EXIT, UserError } from './user-error.js';
import { demoVerb } from './verbs/demo.js';
import { reportToParent } from './verbs/detach.js';
import { downVerb } from './verbs/down.js';
import { resetVerb } from './verbs/reset.js';
import { startVerb } from './verbs/start.js';
import { statusVerb } from './verbs/status.js';
import { tokenVerb } from './verbs/token.js';
import { upVerb } from './verbs/up.js';

const EXIT_CODES = `
Exit codes:
  0  done; decide: permit; demo: every step came out as it must
  1  failed; decide: deny; demo: a step came out otherwise
  2  bad input: flags, topology, data folder or file; nothing was changed
  3  the consortium is not running`;

/** Runs one command line (without `node` and script) and gives its exit code. Says what went wrong, never throws for it. */
export async function main(args: readonly string[]): Promise<number> {
  tolerateClosedPipes();
  let exitCode: number = EXIT.ok;
  const done = (code: number): void => {
    exitCode = code;
  };
  const program = new Command('consent-ledger')
    .description('A permissioned ledger of who may see which patient’s data, and who did.')
    .addHelpText('after', EXIT_CODES)
    .showHelpAfterError('(--help shows what there is)');
  for (const verb of [startVerb, upVerb, downVerb, statusVerb, demoVerb, tokenVerb, resetVerb]) {
    program.addCommand(verb(done));
  }
  exitOverride(program);
  try {
    await program.parseAsync([...args], { from: 'user' });
  } catch (error) {
    exitCode = failure(error);
  }
  return exitCode;
}

function failure(error: unknown): number {
  if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT.ok : EXIT.badInput;
  if (!(error instanceof UserError)) throw error;
  // A detached supervisor's words are for whoever started it.
  if (!reportToParent({ failed: error.message, exitCode: error.exitCode })) {
    process.stderr.write(`${error.message}\n`);
  }
  return error.exitCode;
}

function exitOverride(command: Command): void {
  command.exitOverride();
  command.commands.forEach(exitOverride);
}
