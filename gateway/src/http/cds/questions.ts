import type { Problem } from '@consent-ledger/chaincode/domain';
import {
  CDS_LEGAL_BASIS,
  SUBJECT_SYSTEM,
  type CdsConsultInput,
  type CheckQuestion,
} from '@consent-ledger/chaincode/wire/http';
import { Refusal } from '../../usecases/refusal.js';

type Context = CdsConsultInput['context'];

const SUBJECT = /^(?:Patient\/)?([A-Za-z0-9.-]{1,64})$/;
const MEMBER = /^Organization\/[a-z][a-z0-9-]{0,39}$/;
const REFERENCE = /^[A-Za-z]{1,40}\/[A-Za-z0-9.-]{1,64}$/;
const RESOURCE_TYPES = new Set(['http://hl7.org/fhir/resource-types', 'http://hl7.org/fhir/fhir-types']);

/** Categories that a consent here can have; what it speaks about follows from the purpose. */
const CATEGORIES = new Set([
  'http://terminology.hl7.org/CodeSystem/consentscope|patient-privacy',
  'http://terminology.hl7.org/CodeSystem/consentscope|research',
  'http://loinc.org|59284-0',
]);

/** One question for each subject and class that the hook's context names. Throws a Refusal `body-malformed`. */
export function questionsOf(
  { context, extension }: Pick<CdsConsultInput, 'context' | 'extension'>,
  own: string,
): readonly CheckQuestion[] {
  const legalBasis = extension?.[CDS_LEGAL_BASIS];
  const subjects = subjectsOf(context.patientId);
  requireCategories(context.category ?? []);
  const requester = requesterOf(context.actor, own);
  const purpose = [context.purposeOfUse].flat();
  return subjects.flatMap((subject) =>
    factsOf(context.class).map((facts) => ({
      requester,
      purpose,
      subject,
      facts,
      ...(legalBasis === undefined ? {} : { legalBasis }),
    })),
  );
}

/** A patient may be known by many identifiers; those of other systems are not known here. */
function subjectsOf(patientId: Context['patientId']): readonly string[] {
  const identifiers = typeof patientId === 'string' ? [{ value: patientId }] : patientId;
  const subjects = identifiers.flatMap(
    ({ system, value }: { system?: string | undefined; value: string }) => {
      const subject =
        system === undefined || system === SUBJECT_SYSTEM ? SUBJECT.exec(value)?.[1] : undefined;
      return subject === undefined ? [] : [subject];
    },
  );
  if (subjects.length > 0) return [...new Set(subjects)];
  throw refused([
    { path: '$.context.patientId', message: `must have an identifier of the system ${SUBJECT_SYSTEM}` },
  ]);
}

/**
 * `Organization/<member>` is the requester, the own member where none is named. The other references are what is known of
 * the user; if there is only what cannot be read here, the user is not known, which matches every deny and no permit.
 */
function requesterOf(actors: Context['actor'], own: string): CheckQuestion['requester'] {
  const values = actors.map(({ value }) => value);
  const members = values.filter((value) => MEMBER.test(value));
  if (members.length > 1) {
    throw refused([
      { path: '$.context.actor', message: 'must not name two organisations: one of them asks' },
    ]);
  }
  const references = values.filter((value) => REFERENCE.test(value) && !MEMBER.test(value));
  const isKnown = references.length > 0 || values.every((value) => REFERENCE.test(value));
  return { member: members[0] ?? own, ...(isKnown ? { references } : {}) };
}

function factsOf(classes: Context['class']): readonly NonNullable<CheckQuestion['facts']>[] {
  if (classes === undefined) return [{}];
  return classes.map(({ system, code }) =>
    RESOURCE_TYPES.has(system) ? { resourceType: code } : { classes: [{ system, code }] },
  );
}

function requireCategories(categories: NonNullable<Context['category']>): void {
  const problems: Problem[] = categories.flatMap(({ system, code }, index) =>
    CATEGORIES.has(`${system}|${code}`)
      ? []
      : [{ path: `$.context.category[${index}]`, message: 'is no category that consents here can have' }],
  );
  if (problems.length > 0) throw refused(problems);
}

function refused(errors: readonly Problem[]): Refusal {
  return new Refusal('body-malformed', { errors });
}
