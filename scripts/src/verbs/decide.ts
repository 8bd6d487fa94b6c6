import {
  checkConsentSet,
  compileConsent,
  decide,
  validateContext,
  validateQuestion,
  type DecisionContext,
  type PolicyInForce,
  type Problem,
} from '@consent-ledger/chaincode/domain';
import { repeatedKey } from '@consent-ledger/chaincode/wire';
import { Command } from 'commander';
import { readFile } from 'node:fs/promises';
import { terminal } from '../terminal/terminal.js';
import { badInput, EXIT, systemCode } from '../user-error.js';
import { examples } from './options.js';

interface Options {
  readonly consent: readonly string[];
  readonly request: string;
  readonly context?: string;
}

/** `consent-ledger decide` */
export function decideVerb(done: (exitCode: number) => void): Command {
  return new Command('decide')
    .description(
      'Decide one question from FHIR Consents, without a ledger, by the rules that the ledger decides by.',
    )
    .option(
      '--consent <files...>',
      'FHIR Consents as JSON (R4, R4 PCF or R5), in any order; none: none is on file',
      [],
    )
    .requiredOption('--request <file>', 'the question as JSON: who asks what, when, for which purpose')
    .option('--context <file>', 'what else is known, as JSON: members, agreements, implied policy, …')
    .addHelpText(
      'after',
      `
Prints the answer as JSON. Exit codes: 0 permit, 1 deny, 2 bad input.
${examples(
  'decide --request question.json',
  'decide --consent consent.json narrower.json --request question.json',
  'decide --consent consent.json --request question.json --context hospital.json',
)}`,
    )
    .action(async (options: Options) => {
      done(await decideFiles(options));
    });
}

async function decideFiles(options: Options): Promise<number> {
  const context = options.context === undefined ? {} : await readContext(options.context);
  const { purposeSystems = [] } = context;
  const question = accept(
    options.request,
    validateQuestion(await readJson(options.request), purposeSystems),
  ).question;
  const consents = await Promise.all(options.consent.map((file) => readConsent(file, context)));
  refuseProblems(
    'these consents together',
    checkConsentSet(
      consents.map(({ policy }) => policy),
      question,
    ),
  );
  const answer = decide(question, consents, context);
  terminal().printJson(answer);
  return answer.outcome === 'permit' ? EXIT.ok : EXIT.failed;
}

async function readContext(file: string): Promise<DecisionContext> {
  return accept(file, validateContext(await readJson(file))).context;
}

async function readConsent(
  file: string,
  { purposeSystems = [], evidence = {} }: DecisionContext,
): Promise<PolicyInForce> {
  const { policy } = accept(file, compileConsent(await readJson(file), { purposeSystems }));
  // An id may be the name of what every object has, such as `constructor`.
  const known = Object.hasOwn(evidence, policy.id) ? evidence[policy.id] : undefined;
  return { policy, version: 1, evidence: known ?? 'witnessed' };
}

async function readJson(file: string): Promise<unknown> {
  let text: string;
  try {
    text = await readFile(file, 'utf8');
  } catch (cause) {
    throw badInput(`${file} cannot be read (${systemCode(cause) ?? 'unknown reason'}).`, { cause });
  }
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (cause) {
    throw badInput(`${file} is not JSON: ${cause instanceof Error ? cause.message : 'it cannot be parsed'}`, {
      cause,
    });
  }
  const repeated = repeatedKey(text);
  if (repeated === undefined) return value;
  throw badInput(
    `${file} names ${JSON.stringify(repeated)} twice in one object: one of them would be ignored.`,
  );
}

type Checked<Accepted> =
  (Accepted & { readonly ok: true }) | { readonly ok: false; readonly problems: readonly Problem[] };

function accept<Accepted>(file: string, checked: Checked<Accepted>): Accepted {
  if (!checked.ok) refuseProblems(file, checked.problems);
  return checked as Accepted & { ok: true };
}

function refuseProblems(what: string, problems: readonly Problem[]): void {
  if (problems.length === 0) return;
  const lines = problems.map(({ path, message, readings }) => {
    const both = readings ? ` (it can be read two ways: ${readings.join(', or ')})` : '';
    return `${what}: ${path === '' ? '' : `${path} `}${message}${both}`;
  });
  throw badInput(lines.join('\n'));
}
