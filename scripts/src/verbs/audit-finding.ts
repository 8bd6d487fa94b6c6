import { userInfo } from 'node:os';
import path from 'node:path';
import { FINDING_ENTRY, FINDINGS, positionOfEvent, QuestionLog } from '@consent-ledger/audit';
import { Argument, Command } from 'commander';
import { catchUp } from '../audit/catch-up.js';
import {
  asUserError,
  openAudited,
  withProjectionOptions,
  type ProjectionOptions,
} from '../audit/projection-options.js';
import { terminal } from '../terminal/terminal.js';
import { badInput, EXIT } from '../user-error.js';
import { examples } from './options.js';

/** `consent-ledger audit finding` */
export function auditFindingVerb(done: (exitCode: number) => void): Command {
  return withProjectionOptions(new Command('finding'))
    .description(
      'Say what was found of an access that seemed unusual: what is listed next is measured by it. It stands in the log of questions.',
    )
    .argument('<event>', 'the access, by the key of its event, as the lists have it')
    .addArgument(new Argument('<finding>', 'whether there was a reason to look').choices([...FINDINGS]))
    .addHelpText(
      'after',
      examples('audit finding event/4be0…c1 justified', 'audit finding event/4be0…c1 not-justified'),
    )
    .action(async (event: string, finding: string, options: ProjectionOptions) => {
      done(await record(event, finding, options));
    });
}

async function record(event: string, finding: string, options: ProjectionOptions): Promise<number> {
  const out = terminal();
  const audited = await openAudited(options);
  try {
    await catchUp(audited, out);
    if ((await positionOfEvent(audited.store.db, event)) === undefined)
      throw badInput(
        'No access event is under that key: take `event` of a list, such as audit unusual --json.',
      );
    const log = new QuestionLog(path.join(audited.folder, 'questions.db'));
    try {
      const { number } = log.append({
        who: userInfo().username,
        via: 'command',
        question: FINDING_ENTRY,
        parameters: { event, finding },
      });
      out.print(
        `Entry ${number} of the log: ${event} was ${finding === 'justified' ? '' : 'not '}justified.`,
      );
    } finally {
      log.close();
    }
    return EXIT.ok;
  } catch (error) {
    throw asUserError(error);
  } finally {
    await audited.close();
  }
}
