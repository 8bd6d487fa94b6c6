import path from 'node:path';
import { projectionState, QuestionLog, QuestionLogBroken, type LoggedQuestion } from '@consent-ledger/audit';
import { Command } from 'commander';
import { catchUp } from '../audit/catch-up.js';
import {
  asUserError,
  openAudited,
  withProjectionOptions,
  type ProjectionOptions,
} from '../audit/projection-options.js';
import { terminal } from '../terminal/terminal.js';
import { EXIT } from '../user-error.js';

interface Options extends ProjectionOptions {
  readonly json?: true;
}

/** `consent-ledger audit status` */
export function auditStatusVerb(done: (exitCode: number) => void): Command {
  return withProjectionOptions(new Command('status'))
    .description('How far the read model is, which values the peer lacks, and which alarms there are.')
    .option('--json', 'the same for machines')
    .addHelpText('after', '\nExit codes: 0 nothing is wrong, 1 there are alarms.')
    .action(async (options: Options) => {
      done(await status(options));
    });
}

async function status(options: Options): Promise<number> {
  const out = terminal();
  const audited = await openAudited(options);
  try {
    await catchUp(audited, out);
    const state = await projectionState(audited.store);
    if (options.json) out.printJson(state);
    else {
      out.print(`${state.height} blocks of ledger ${state.ledger}`);
      const since = state.pendingSince === undefined ? '' : `, the oldest since ${state.pendingSince}`;
      out.print(`${state.pending} values that the peer lacks${since}`);
      for (const { kind, collection, values } of state.alarms)
        out.print(
          `ALARM: ${values} values of ${collection === '' ? 'public state' : collection} are ${kind}`,
        );
    }
    return state.alarms.length === 0 ? EXIT.ok : EXIT.failed;
  } catch (error) {
    throw asUserError(error);
  } finally {
    await audited.close();
  }
}

/** `consent-ledger audit log` */
export function auditLogVerb(done: (exitCode: number) => void): Command {
  return withProjectionOptions(new Command('log'))
    .description('Who asked the read model what: verifies the chain of entries and prints them.')
    .option('--json', 'one JSON object on each line')
    .addHelpText('after', '\nExit codes: 0 every entry is as it was logged, 1 one is not, or is gone.')
    .action(async (options: Options) => {
      done(await printLog(options));
    });
}

async function printLog(options: Options): Promise<number> {
  const out = terminal();
  const audited = await openAudited(options);
  const log = new QuestionLog(path.join(audited.folder, 'questions.db'));
  try {
    let last: LoggedQuestion | undefined;
    for (const entry of log.entries()) {
      last = entry;
      const { number, at, who, via, question, parameters } = entry;
      out.print(
        options.json
          ? JSON.stringify(entry)
          : `${number}  ${at}  ${who} (${via})  ${question}  ${JSON.stringify(parameters)}`,
      );
    }
    if (last !== undefined)
      out.say(`The newest hash is ${last.hash}: kept elsewhere, it shows what is taken away later.`);
    return EXIT.ok;
  } catch (error) {
    if (!(error instanceof QuestionLogBroken)) throw error;
    process.stderr.write(`The log was changed: ${error.message}.\n`);
    return EXIT.failed;
  } finally {
    log.close();
    await audited.close();
  }
}
