import {
  checkConsentSet,
  compileConsent,
  validateContext,
  validateQuestion,
  type DecisionContext,
  type PolicyInForce,
  type Problem,
} from '@consent-ledger/chaincode/domain';
import { repeatedKey } from '@consent-ledger/chaincode/wire';
import type { Command } from 'commander';
import { readFile } from 'node:fs/promises';
import type { Case } from '../explain/case.js';
import { badInput, systemCode } from '../user-error.js';

export interface CaseOptions {
  readonly consent: readonly string[];
  readonly request: string;
  readonly context?: string;
}

/** The options that say what is decided, and from what. */
export function withCaseOptions(command: Command): Command {
  return command
    .option(
      '--consent <files...>',
      'FHIR Consents as JSON (R4, R4 PCF or R5), in any order; none: none is on file',
      [],
    )
    .requiredOption('--request <file>', 'the question as JSON: who asks what, when, for which purpose')
    .option('--context <file>', 'what else is known, as JSON: members, agreements, implied policy, …');
}

/** Reads and checks all of it. Throws a UserError (bad input) that says what is wrong in which file. */
export async function readCase(options: CaseOptions): Promise<Case> {
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
  return { question, consents, context };
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

const UTF8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

async function readJson(file: string): Promise<unknown> {
  let bytes: Buffer;
  try {
    bytes = await readFile(file);
  } catch (cause) {
    throw badInput(`${file} cannot be read (${systemCode(cause) ?? 'unknown reason'}).`, { cause });
  }
  let text: string;
  let value: unknown;
  try {
    text = UTF8.decode(bytes);
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
