import { once } from 'node:events';
import {
  cohortLine,
  cohortSummary,
  type CohortInput,
  type CohortSummary,
} from '@consent-ledger/chaincode/wire/http';
import {
  namedProfile,
  readProfileFile,
  RESEARCH_PROFILE,
  researchProfileNamed,
} from '@consent-ledger/gateway';
import { Command } from 'commander';
import { callLines } from '../consortium/member-calls.js';
import { terminal } from '../terminal/terminal.js';
import { badInput, EXIT, UserError } from '../user-error.js';
import { asked, trialCommand, type TrialOptions } from './trial-command.js';

interface DataOptions extends TrialOptions {
  readonly site: string;
  readonly participant?: string;
  readonly resourceType?: string;
  readonly since?: string;
  readonly until?: string;
}

/** As long as a cohort may take. */
const DEADLINE_MS = 6 * 3_600_000;

/** `consent-ledger trial data`: lines to standard output as they come, what was counted to standard error. */
export function dataCommand(finish: () => void): Command {
  return trialCommand(
    'data',
    'Take what the participants of a site let out, pseudonymised, line by line (POST /v1/studies/{id}/data).',
    'researcher',
  )
    .requiredOption('--site <reference>', 'such as Organization/riverside')
    .option('--participant <pseudonym>', 'of this one alone')
    .option('--resource-type <type>', 'such as Observation')
    .option('--since <date>', 'of this day or later')
    .option('--until <date>', 'of this day or earlier')
    .action(async (study: string, options: DataOptions) => {
      const client = await asked(options);
      let summary: CohortSummary['summary'] | undefined;
      for await (const line of callLines(client, `/v1/studies/${study}/data`, bodyOf(options), DEADLINE_MS)) {
        const counted = cohortSummary.safeParse(line).data;
        if (counted !== undefined) summary = counted.summary;
        else if (!process.stdout.write(`${JSON.stringify(cohortLine.parse(line))}\n`))
          await once(process.stdout, 'drain');
      }
      if (summary === undefined)
        throw new UserError('The answer broke off: what came is not all.', EXIT.failed);
      terminal().say(
        Object.entries(summary)
          .map(([name, count]) => `${name} ${count}`)
          .join(', '),
      );
      finish();
    });
}

function bodyOf({ site, participant, resourceType, since: start, until: end }: DataOptions): CohortInput {
  const authored = { ...(start === undefined ? {} : { start }), ...(end === undefined ? {} : { end }) };
  return {
    site,
    purpose: ['CLINTRL'],
    ...(participant === undefined ? {} : { participant }),
    ...(resourceType === undefined ? {} : { resourceType }),
    ...(start === undefined && end === undefined ? {} : { authored }),
  };
}

/** `consent-ledger trial profile` */
export function profileCommand(finish: () => void): Command {
  return new Command('profile')
    .description(
      'The profile that data are pseudonymised by, element by element; of a file, how terms name it.',
    )
    .argument('[file]', 'JSON: a profile of one’s own')
    .option('--named', 'only as terms name it: name, version, digest')
    .action((file: string | undefined, options: { readonly named?: true }) => {
      if (file !== undefined) terminal().printJson(named(file));
      else terminal().printJson(options.named ? researchProfileNamed() : RESEARCH_PROFILE);
      finish();
    });
}

/** Throws a UserError that says what is wrong in the file. */
function named(file: string): ReturnType<typeof namedProfile> {
  try {
    return namedProfile(readProfileFile(file));
  } catch (cause) {
    throw badInput(cause instanceof Error ? `${cause.message}.` : `${file} is no profile.`, { cause });
  }
}
