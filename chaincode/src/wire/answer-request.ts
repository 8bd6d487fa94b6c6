import type { Answer, DecisionContext, PolicyInForce, Question } from '../domain/index.js';
import { decide } from '../domain/decide.js';
import { reasons } from '../domain/reasons.js';
import { instantOf, millisecondsOf } from './instant.js';
import { organizationReference, patientReference } from './names.js';
import { readRegistered, type RegisteredState } from './registered-context.js';
import { REQUEST_CLOCK_TOLERANCE_SECONDS, type RequestClaims } from './request-object.js';
import { subjectBases } from './subject-bases.js';
import { pausesStudy, studyContext, type RegisteredStudy } from './study-context.js';
import {
  isSubjectBasis,
  partsOfPolicy,
  type Custody,
  type CustodyPolicy,
  type Descriptor,
  type DetailRecord,
  type EventRecord,
  type Policies,
  type PrivateValue,
  type Withdrawals,
} from './values/index.js';
import type { AuthenticRequest } from './verify-request.js';

/**
 * What a decision reads, wherever it is made: endorsers read it from the ledger, so that it is in the read
 * set; a custodian's gateway, which looks before and after, from its projection. Both use the functions of
 * this file, so that they cannot differ.
 */
export interface DecisionState extends RegisteredState {
  readonly custody: Custody;
  readonly values: {
    get<Kind extends 'descriptor' | 'policies' | 'enrolment'>(
      kind: Kind,
      ...id: [string, ...string[]]
    ): Promise<PrivateValue<Kind> | undefined>;
  };
  readonly withdrawals: { get(kind: 'withdrawal', subject: string): Promise<Withdrawals | undefined> };
  /** Asked only where a request names a study. */
  readonly studies: { get(study: string): Promise<RegisteredStudy | undefined> };
}

/** What of it consents are read from. */
export interface ConsentState {
  readonly values: {
    get(kind: 'policies', subject: string): Promise<PrivateValue<'policies'> | undefined>;
  };
  readonly withdrawals: DecisionState['withdrawals'];
}

/** The answer about one record: what the requester may know of it, and what custodian and oversight may. */
export interface RecordAnswer {
  readonly outward: EventRecord;
  readonly logged: DetailRecord;
}

/**
 * What subjects have consented to and withdrawn, ready to be asked; undefined for a subject that is not
 * known.
 */
export type ConsentsOf = (subject: string) => Promise<readonly PolicyInForce[] | undefined>;

/** Reads a subject's consents and withdrawals, once for a transaction. */
export function consentsReader({ values, withdrawals }: ConsentState): ConsentsOf {
  const known = new Map<string, Promise<readonly PolicyInForce[] | undefined>>();
  return (subject) => {
    const consents = known.get(subject) ?? readConsents(subject);
    known.set(subject, consents);
    return consents;
  };

  async function readConsents(subject: string): Promise<readonly PolicyInForce[] | undefined> {
    const policies = await values.get('policies', subject);
    const withdrawn = await withdrawals.get('withdrawal', subject);
    if (policies === undefined) return undefined;
    const withdrawnAt = new Map(
      withdrawn?.withdrawals.map(({ consent, at }) => [consent, millisecondsOf(at)]),
    );
    return policies.consents.map(({ consent, policy, evidence, version }) => {
      const at = withdrawnAt.get(consent);
      return { policy, evidence, version, ...(at !== undefined && { withdrawnAt: at }) };
    });
  }
}

/** Answers an authentic request, record by record, in its order. */
export async function answerRequest(
  state: DecisionState,
  request: AuthenticRequest,
  at: number,
  consentsOf: ConsentsOf,
): Promise<RecordAnswer[]> {
  const { custody, values, studies } = state;
  const { claims, standing, requester } = request;
  if (standing !== 'current') {
    return claims.records.map((record) => ({
      outward: { record, outcome: 'deny', code: standing, obligations: [] },
      logged: { record, reason: standing, basis: [], subjects: [] },
    }));
  }
  const member = organizationReference(requester.name);
  const isOwnStaff = requester.mspId === custody.custodian;
  const question: Question = {
    at: instantOf(at),
    custodian: custody.organization,
    requester: {
      member,
      roles: claims.roles,
      ...(claims.references !== undefined && { references: claims.references }),
    },
    purpose: claims.purpose,
    // What stays in the house is used there; what leaves it is disclosed as well.
    actions: isOwnStaff ? ['access'] : ['access', 'disclose'],
    ...(isEmergency(claims, custody.policy, at) && { emergency: claims.emergency }),
    ...(claims.legalBasis !== undefined && { legalBasis: claims.legalBasis }),
    ...(claims.study !== undefined && { study: claims.study }),
  };
  const { emergencyAccess, rules } = partsOfPolicy(custody.policy);
  const study = claims.study === undefined ? undefined : await studies.get(claims.study);
  const context: DecisionContext = {
    ...rules,
    members: [{ reference: member, status: requester.status }],
    ...(await readRegistered(state, custody, claims, requester.mspId)),
  };
  const answers: RecordAnswer[] = [];
  for (const record of claims.records) {
    const descriptor = await values.get('descriptor', record);
    const paused = study === undefined ? [] : await pausedOf(values, study, descriptor?.subjects ?? []);
    const known: DecisionContext =
      study === undefined
        ? context
        : { ...context, studies: [studyContext(study, custody, requester, paused)] };
    const answer =
      descriptor === undefined
        ? decideUnknown(question, known, record)
        : await decideRecord(
            question,
            await withSubjectBases(known, claims.legalBasis, values, descriptor.subjects),
            descriptor,
            consentsOf,
          );
    answers.push(toRecordAnswer(record, descriptor, withEndOfAccess(answer, emergencyAccess, at)));
  }
  return answers;
}

/**
 * An emergency is declared by somebody who has just shown who they are, and not by a session that was left open: otherwise it is as if
 * none had been declared.
 */
export function isEmergency(
  { auth, emergency }: RequestClaims,
  { emergencyAccess }: CustodyPolicy,
  at: number,
): boolean {
  if (emergency === undefined) return false;
  if (emergencyAccess === undefined) return true;
  const { authenticatedWithinSeconds, methods } = emergencyAccess;
  const age = at - auth.time * 1_000;
  const isRecent =
    age >= -REQUEST_CLOCK_TOLERANCE_SECONDS * 1_000 && age <= authenticatedWithinSeconds * 1_000;
  return isRecent && auth.methods.some((method) => methods.includes(method));
}

/** What was let out because of an emergency is not kept for good: its access ends with what is permitted for it. */
export function withEndOfAccess(
  answer: Answer,
  emergencyAccess: CustodyPolicy['emergencyAccess'],
  at: number,
): Answer {
  if (emergencyAccess === undefined || !isBreakGlass(answer)) return answer;
  const end = instantOf(at + emergencyAccess.accessHours * 3_600_000);
  return { ...answer, obligations: [...answer.obligations, { code: 'expires-at', at: end }] };
}

/** Whether an answer, or what the log has of it, rests on the glass having been broken: then, and only then, it is to be reviewed. */
export function isBreakGlass({ outcome, obligations }: Pick<Answer, 'outcome' | 'obligations'>): boolean {
  return outcome === 'permit' && obligations.some(({ code }) => code === 'review-by');
}

/** References of those subjects of whom the site says that no data flows for the study. */
async function pausedOf(
  values: DecisionState['values'],
  { study }: RegisteredStudy,
  subjects: readonly string[],
): Promise<string[]> {
  const paused: string[] = [];
  for (const subject of subjects) {
    const enrolment = await values.get('enrolment', study.study, subject);
    if (pausesStudy(enrolment)) paused.push(patientReference(subject));
  }
  return paused;
}

/** Out of the values that the subjects' consents were read from, so that nothing more is read. */
async function withSubjectBases(
  context: DecisionContext,
  named: string | undefined,
  values: DecisionState['values'],
  subjects: readonly string[],
): Promise<DecisionContext> {
  if (named === undefined || !isSubjectBasis(named)) return context;
  const about: [string, Policies | undefined][] = [];
  for (const subject of subjects) about.push([subject, await values.get('policies', subject)]);
  return { ...context, legalBases: subjectBases(named, about) };
}

function decideUnknown(question: Question, context: DecisionContext, record: string): Answer {
  return decide({ ...question, record: { reference: record } }, [], {
    ...context,
    subjects: [],
    records: [],
  });
}

async function decideRecord(
  question: Question,
  context: DecisionContext,
  { facts, status, subjects }: Descriptor,
  consentsOf: ConsentsOf,
): Promise<Answer> {
  const known: string[] = [];
  const consents: PolicyInForce[] = [];
  for (const subject of subjects) {
    const found = await consentsOf(subject);
    if (found === undefined) continue;
    known.push(subject);
    consents.push(...found);
  }
  return decide({ ...question, subjects: subjects.map(patientReference), record: facts }, consents, {
    ...context,
    subjects: known.map((subject) => ({ reference: patientReference(subject), status: 'active' })),
    records: [{ reference: facts.reference, status }],
  });
}

function toRecordAnswer(record: string, descriptor: Descriptor | undefined, answer: Answer): RecordAnswer {
  const { outcome, reason, basis, obligations } = answer;
  const { requester, exception } = reasons[reason];
  const isPermitted = outcome === 'permit';
  return {
    outward: {
      record,
      outcome,
      code: requester,
      ...(isPermitted && descriptor !== undefined && { version: descriptor.version }),
      obligations: [...obligations],
    },
    logged: {
      record,
      reason,
      basis: [...basis],
      subjects: descriptor?.subjects ?? [],
      ...(descriptor !== undefined && { descriptorVersion: descriptor.version }),
      ...(exception !== undefined && { exception: exception.cites }),
    },
  };
}
