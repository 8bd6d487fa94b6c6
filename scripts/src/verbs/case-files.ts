import {
  checkConsentSet,
  compileConsent,
  validateContext,
  validateQuestion,
  type DecisionContext,
  type PolicyInForce,
} from '@consent-ledger/chaincode/domain';
import type { Command } from 'commander';
import { accept, refuseProblems } from '../accept.js';
import type { Case } from '../explain/case.js';
import { readJsonFile } from '../json-file.js';

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
    validateQuestion(await readJsonFile(options.request), purposeSystems),
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
  return accept(file, validateContext(await readJsonFile(file))).context;
}

async function readConsent(
  file: string,
  { purposeSystems = [], evidence = {} }: DecisionContext,
): Promise<PolicyInForce> {
  const { policy } = accept(file, compileConsent(await readJsonFile(file), { purposeSystems }));
  // An id may be the name of what every object has, such as `constructor`.
  const known = Object.hasOwn(evidence, policy.id) ? evidence[policy.id] : undefined;
  return { policy, version: 1, evidence: known ?? 'witnessed' };
}
