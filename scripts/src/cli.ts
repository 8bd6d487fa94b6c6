import { Command, CommanderError } from 'commander';
import { tolerateClosedPipes } from './terminal/terminal.js';
import { EXIT, UserError } from './user-error.js';
import { reportToParent } from './verbs/report.js';

/** Makes a verb's command. It calls back with its exit code. */
type Verb = (done: (exitCode: number) => void) => Command;

/** Loaded when they are asked for: `decide` needs no certificates, and `token` no supervisor. */
const VERBS: Readonly<Record<string, () => Promise<Verb>>> = {
  start: async () => (await import('./verbs/start.js')).startVerb,
  up: async () => (await import('./verbs/up.js')).upVerb,
  down: async () => (await import('./verbs/down.js')).downVerb,
  status: async () => (await import('./verbs/status.js')).statusVerb,
  demo: async () => (await import('./verbs/demo.js')).demoVerb,
  token: async () => (await import('./verbs/token.js')).tokenVerb,
  trial: async () => (await import('./verbs/trial.js')).trialVerb,
  agreement: async () => (await import('./verbs/agreement.js')).agreementVerb,
  quality: async () => (await import('./verbs/quality.js')).qualityVerb,
  amendment: async () => (await import('./verbs/amendment.js')).amendmentVerb,
  'legal-basis': async () => (await import('./verbs/legal-basis.js')).legalBasisVerb,
  decide: async () => (await import('./verbs/decide.js')).decideVerb,
  audit: async () => (await import('./verbs/audit.js')).auditVerb,
  verify: async () => (await import('./verbs/verify.js')).verifyVerb,
  ledger: async () => (await import('./verbs/ledger.js')).ledgerVerb,
  member: async () => (await import('./verbs/member.js')).memberVerb,
  update: async () => (await import('./verbs/update.js')).updateVerb,
  chaincode: async () => (await import('./verbs/chaincode.js')).chaincodeVerb,
  certificate: async () => (await import('./verbs/certificate.js')).certificateVerb,
  backup: async () => (await import('./verbs/backup.js')).backupVerb,
  restore: async () => (await import('./verbs/restore.js')).restoreVerb,
  compose: async () => (await import('./verbs/compose.js')).composeVerb,
  join: async () => (await import('./verbs/join.js')).joinVerb,
  explain: async () => (await import('./verbs/explain.js')).explainVerb,
  reset: async () => (await import('./verbs/reset.js')).resetVerb,
};

const EXIT_CODES = `
Exit codes:
  0  done; decide: permit; demo: every step came out as it must
  1  failed; decide: deny; demo: a step came out otherwise
  2  bad input: flags, topology, data folder or file; nothing was changed
  3  the consortium is not running`;

/** Runs one command line (without `node` and script) and gives its exit code. Says what went wrong, never throws for it. */
export async function main(args: readonly string[]): Promise<number> {
  tolerateClosedPipes();
  // What a dependency deprecates is for its makers, not for whoever types a command.
  process.noDeprecation = true;
  let exitCode: number = EXIT.ok;
  const done = (code: number): void => {
    exitCode = code;
  };
  const program = new Command('consent-ledger')
    .description('A permissioned ledger of who may see which patient’s data, and who did.')
    .addHelpText('after', EXIT_CODES)
    .showHelpAfterError('(--help shows what there is)');
  for (const verb of await load(args[0])) program.addCommand(verb(done));
  exitOverride(program);
  try {
    await program.parseAsync([...args], { from: 'user' });
  } catch (error) {
    exitCode = failure(error);
  }
  return exitCode;
}

/** The verb that is named, or all of them where none is: for help, and to say which there are. */
function load(name: string | undefined): Promise<Verb[]> {
  const named = name !== undefined && Object.hasOwn(VERBS, name) ? VERBS[name] : undefined;
  return Promise.all((named ? [named] : Object.values(VERBS)).map((loadVerb) => loadVerb()));
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
