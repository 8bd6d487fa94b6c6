import type { DecisionContext } from '@consent-ledger/chaincode/domain';
import {
  isSubjectBasis,
  needsAgreement,
  patientReference,
  pausesStudy,
  registeredContext,
  studyContext,
  subjectBases,
  type AgreementVersion,
  type LegalBasisVersion,
  type Policies,
  type RegisteredStudy,
} from '@consent-ledger/chaincode/wire';
import type { CheckQuestion } from '@consent-ledger/chaincode/wire/http';
import type { CustodyView } from './custody-view.js';
import type { Members } from './members.js';
import type { RegisteredView } from './registered-view.js';
import type { StudyView } from './study-view.js';

/** What members have registered, as far as a question names it or its purpose needs it; undefined where none does. */
export type RegisteredFor = (
  asked: CheckQuestion,
  subjects: readonly string[],
) => Pick<DecisionContext, 'agreements' | 'legalBases' | 'studies'> | undefined;

export interface RegisteredSources {
  readonly custody: CustodyView;
  readonly members: Members;
  readonly registered: RegisteredView;
  readonly studies: StudyView;
}

const forNone: RegisteredFor = () => undefined;

/**
 * Reads it for questions, each thing once, with the very functions that a release uses. Most questions need none of it, and
 * cost no read. Throws a Refusal `event-pending` where the own peer lacks a value.
 */
export function readRegisteredFor(
  questions: readonly CheckQuestion[],
  subjectsOf: (asked: CheckQuestion) => readonly string[],
  sources: RegisteredSources,
): RegisteredFor {
  const { custody } = sources.custody;
  const concerned = questions.filter(
    ({ legalBasis, study }) =>
      legalBasis !== undefined || study !== undefined || custody.policy.agreementPurposes.length > 0,
  );
  if (concerned.length === 0) return forNone;
  const agreements = new Map<string, AgreementVersion | undefined>();
  const bases = new Map<string, LegalBasisVersion | undefined>();
  const policies = new Map<string, Policies | undefined>();
  const studies = new Map<string, RegisteredStudy | undefined>();
  const paused = new Map<string, boolean>();
  for (const asked of concerned) {
    const { legalBasis, requester, study } = asked;
    const mspId = sources.members.byReference(requester.member)?.mspId;
    if (mspId !== undefined && needsAgreement(custody, asked, mspId))
      once(agreements, requester.member, () => sources.registered.agreement(custody.custodian, mspId));
    if (legalBasis !== undefined && isSubjectBasis(legalBasis))
      for (const subject of subjectsOf(asked))
        once(policies, subject, () => sources.custody.get('policies', subject)?.value);
    else if (legalBasis !== undefined)
      once(bases, legalBasis, () => sources.registered.legalBasis(legalBasis));
    if (study === undefined) continue;
    once(studies, study, () => sources.studies.registered(study, custody.custodian));
    if (studies.get(study) === undefined) continue;
    for (const subject of subjectsOf(asked))
      once(paused, placeOf(study, subject), () =>
        pausesStudy(sources.custody.get('enrolment', study, subject)?.value),
      );
  }
  return (asked, subjects) => {
    const { legalBasis, requester, study } = asked;
    const known = study === undefined ? undefined : studies.get(study);
    const member = sources.members.byReference(requester.member);
    const pausing = subjects.filter((subject) => paused.get(placeOf(study ?? '', subject)) === true);
    return {
      ...registeredContext(
        agreements.get(requester.member),
        legalBasis === undefined ? undefined : bases.get(legalBasis),
      ),
      ...(legalBasis === undefined || !isSubjectBasis(legalBasis)
        ? {}
        : {
            legalBases: subjectBases(
              legalBasis,
              subjects.map((subject) => [subject, policies.get(subject)]),
            ),
          }),
      ...(known === undefined || member === undefined
        ? {}
        : { studies: [studyContext(known, custody, member, pausing.map(patientReference))] }),
    };
  };
}

function once<Value>(values: Map<string, Value>, key: string, read: () => Value): void {
  if (!values.has(key)) values.set(key, read());
}

function placeOf(study: string, subject: string): string {
  return `${study} ${subject}`;
}
