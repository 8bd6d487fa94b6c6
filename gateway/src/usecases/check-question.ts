import {
  decide,
  isKnownPurpose,
  validateQuestion,
  type Answer,
  type DecisionContext,
  type PolicyInForce,
  type Problem,
  type Question,
} from '@consent-ledger/chaincode/domain';
import { patientReference, type Custody } from '@consent-ledger/chaincode/wire';
import type { CheckQuestion } from '@consent-ledger/chaincode/wire/http';
import type { KnownRecord } from './known-consents.js';

/** What a question of a check rests on, all of it as of one block. */
export interface CheckState {
  readonly custody: Custody;
  /** FHIR instant. */
  readonly at: string;
  /** The requester's member as the ledger has it; undefined where it has none. */
  readonly memberStatus: (reference: string) => 'active' | 'suspended' | undefined;
  /** Of a record that is held here. */
  readonly descriptorOf: (record: string) => KnownRecord | undefined;
  /** Undefined for a subject that is not known. */
  readonly consentsOf: (subject: string) => readonly PolicyInForce[] | undefined;
}

/** Subjects that a question is about; none for a record that is not held here. */
export function subjectsOf(asked: CheckQuestion, descriptor: KnownRecord | undefined): readonly string[] {
  return asked.subject === undefined ? (descriptor?.subjects ?? []) : [asked.subject];
}

/** The answer that a release would get, by the same evaluator on the same values (chaincode's `answerRequest`). */
export function answerCheck(asked: CheckQuestion, state: CheckState): Answer {
  const descriptor = asked.record === undefined ? undefined : state.descriptorOf(asked.record);
  const subjects = subjectsOf(asked, descriptor);
  const context = contextOf(asked, state);
  if (asked.record !== undefined && descriptor === undefined) {
    const record = { reference: asked.record };
    return decide({ ...questionOf(asked, state), record }, [], { ...context, subjects: [], records: [] });
  }
  const known: { reference: string; status: 'active' }[] = [];
  const consents: PolicyInForce[] = [];
  for (const subject of subjects) {
    const found = state.consentsOf(subject);
    if (found === undefined) continue;
    known.push({ reference: patientReference(subject), status: 'active' });
    consents.push(...found);
  }
  const question = {
    ...questionOf(asked, state),
    subjects: subjects.map(patientReference),
    record: descriptor?.facts ?? (asked.facts as Question['record']) ?? {},
  };
  return decide(question, consents, {
    ...context,
    subjects: known,
    ...(descriptor === undefined
      ? {}
      : { records: [{ reference: descriptor.facts.reference, status: descriptor.status }] }),
  });
}

function contextOf({ requester }: CheckQuestion, { custody, memberStatus }: CheckState): DecisionContext {
  const status = memberStatus(requester.member);
  return {
    ...custody.policy,
    members: status === undefined ? [] : [{ reference: requester.member, status }],
  };
}

function questionOf(asked: CheckQuestion, { custody, at }: CheckState): Question {
  const { requester, purpose, actions, emergency, legalBasis } = asked;
  const isOwn = requester.member === custody.organization;
  return {
    at,
    custodian: custody.organization,
    requester: {
      member: requester.member,
      roles: requester.roles ?? [],
      ...(requester.references === undefined ? {} : { references: requester.references }),
    },
    purpose: [...new Set(purpose)],
    // What stays in the house is used there; what leaves it is disclosed as well.
    actions: actions ?? (isOwn ? ['access'] : ['access', 'disclose']),
    ...(emergency === undefined ? {} : { emergency }),
    ...(legalBasis === undefined ? {} : { legalBasis }),
  };
}

/** What the rules would not understand of a question: purposes that the custodian does not know, and facts that are none. */
export function problemsOf(
  asked: CheckQuestion,
  { policy: { purposeSystems = [] } }: Custody,
  path: string,
): readonly Problem[] {
  const isKnown = asked.purpose.every((purpose) => isKnownPurpose(purpose, purposeSystems));
  if (asked.facts === undefined && isKnown) return [];
  const question = {
    at: '2000-01-01T00:00:00Z',
    requester: { member: asked.requester.member },
    purpose: asked.purpose,
    record: asked.facts ?? {},
  };
  const checked = validateQuestion(question, purposeSystems);
  if (checked.ok) return [];
  return checked.problems.map((problem) => ({
    ...problem,
    path: `${path}.${problem.path.replace(/^record/, 'facts')}`,
  }));
}
