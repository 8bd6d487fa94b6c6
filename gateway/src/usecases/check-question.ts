import {
  decide,
  isKnownPurpose,
  validateQuestion,
  type Answer,
  type DecisionContext,
  type PolicyInForce,
  type Problem,
  type Question,
  type RecordFacts,
} from '@consent-ledger/chaincode/domain';
import {
  millisecondsOf,
  patientReference,
  withEndOfAccess,
  type Custody,
} from '@consent-ledger/chaincode/wire';
import type { CheckQuestion } from '@consent-ledger/chaincode/wire/http';
import type { RegisteredFor } from './check-registered.js';
import type { KnownRecord } from './known-consents.js';

const NONE: readonly never[] = [];

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
  readonly registeredFor: RegisteredFor;
}

/** Subjects that a question is about; none for a record that is not held here. */
export function subjectsOf(asked: CheckQuestion, descriptor: KnownRecord | undefined): readonly string[] {
  if (asked.subject !== undefined) return [asked.subject];
  return asked.subjects ?? descriptor?.subjects ?? [];
}

/** The answer that a release would get, by the same evaluator on the same values (chaincode's `answerRequest`). */
export function answerCheck(asked: CheckQuestion, state: CheckState): Answer {
  const answer = answerOf(asked, state);
  if (asked.emergency === undefined) return answer;
  return withEndOfAccess(answer, state.custody.policy.emergencyAccess, millisecondsOf(state.at));
}

function answerOf(asked: CheckQuestion, state: CheckState): Answer {
  const descriptor = asked.record === undefined ? undefined : state.descriptorOf(asked.record);
  if (asked.record !== undefined && descriptor === undefined) {
    const question = questionOf(asked, state, undefined, { reference: asked.record });
    return decide(question, [], contextOf(asked, state, NONE, [], []));
  }
  const subjects: string[] = [];
  const known: { reference: string; status: 'active' }[] = [];
  let consents: readonly PolicyInForce[] = NONE;
  const about = subjectsOf(asked, descriptor);
  for (const subject of about) {
    const found = state.consentsOf(subject);
    const reference = referenceOf(subject, found);
    subjects.push(reference);
    if (found === undefined) continue;
    known.push({ reference, status: 'active' });
    consents = consents.length === 0 ? found : [...consents, ...found];
  }
  const facts = descriptor?.facts ?? (asked.facts as Question['record']) ?? {};
  const records = descriptor && [{ reference: descriptor.facts.reference, status: descriptor.status }];
  const context = contextOf(asked, state, about, known, records);
  return decide(questionOf(asked, state, subjects, facts), consents, context);
}

/** The very text that the consents have: one is compared with itself faster than with another that says the same. */
function referenceOf(subject: string, consents: readonly PolicyInForce[] = NONE): string {
  const reference = patientReference(subject);
  const [first] = consents;
  return first?.policy.subject === reference ? first.policy.subject : reference;
}

function contextOf(
  asked: CheckQuestion,
  { custody, memberStatus, registeredFor }: CheckState,
  about: readonly string[],
  subjects: NonNullable<DecisionContext['subjects']>,
  records: DecisionContext['records'],
): DecisionContext {
  const { requester } = asked;
  const status = memberStatus(requester.member);
  const members = status === undefined ? [] : [{ reference: requester.member, status }];
  const registered = registeredFor(asked, about);
  // One spread, and what is there beside it: this is done for hundreds of questions in a call, and each more costs.
  const context =
    records === undefined
      ? { ...custody.policy, members, subjects }
      : { ...custody.policy, members, subjects, records };
  return registered === undefined ? context : { ...context, ...registered };
}

type Writable<Type> = { -readonly [Key in keyof Type]: Type[Key] };

function questionOf(
  asked: CheckQuestion,
  { custody, at }: CheckState,
  subjects: readonly string[] | undefined,
  record: RecordFacts,
): Question {
  const { requester, purpose, actions, emergency, legalBasis, study } = asked;
  const isOwn = requester.member === custody.organization;
  const question: Writable<Question> = {
    at,
    custodian: custody.organization,
    requester: {
      member: requester.member,
      roles: requester.roles ?? [],
      ...(requester.references === undefined ? {} : { references: requester.references }),
    },
    purpose: purpose.length === 1 ? purpose : [...new Set(purpose)],
    // What stays in the house is used there; what leaves it is disclosed as well.
    actions: actions ?? (isOwn ? ['access'] : ['access', 'disclose']),
    record,
  };
  if (emergency !== undefined) question.emergency = emergency;
  if (legalBasis !== undefined) question.legalBasis = legalBasis;
  if (study !== undefined) question.study = study;
  if (subjects !== undefined) question.subjects = subjects;
  return question;
}

/** What the rules would not understand of a question: purposes that the custodian does not know, and facts that are none. */
export function problemsOf(
  asked: CheckQuestion,
  { policy: { purposeSystems = [] } }: Custody,
): readonly Problem[] {
  const isKnown = asked.purpose.every((purpose) => isKnownPurpose(purpose, purposeSystems));
  if (asked.facts === undefined && isKnown) return NONE;
  const question = {
    at: '2000-01-01T00:00:00Z',
    requester: { member: asked.requester.member },
    purpose: asked.purpose,
    record: asked.facts ?? {},
  };
  const checked = validateQuestion(question, purposeSystems);
  if (checked.ok) return NONE;
  return checked.problems.map((problem) => ({ ...problem, path: problem.path.replace(/^record/, 'facts') }));
}
