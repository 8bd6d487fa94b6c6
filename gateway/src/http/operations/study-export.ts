import type { ParticipationLine, StudyDocument } from '@consent-ledger/chaincode/wire/http';

const COLUMNS = [
  'study',
  'site',
  'participant',
  'status',
  'protocol',
  'evidence',
  'choices',
  'deadline',
  'since',
  'transaction',
  'block',
] as const;

/** RFC 4180, one line a participant. Nothing in it is free text, so nothing needs quotes or could be a formula. */
export function* csvOf(study: string, lines: Iterable<ParticipationLine>): Generator<string> {
  yield `${COLUMNS.join(',')}\r\n`;
  for (const {
    site,
    person,
    status,
    protocol = '',
    evidence = '',
    choices,
    deadline = '',
    ...rest
  } of lines) {
    const { since, transaction, block } = rest;
    // A pseudonym may begin with a hyphen, which a spreadsheet would take for a formula.
    const participant = `p:${person}`;
    const cells = [
      study,
      site,
      participant,
      status,
      protocol,
      evidence,
      choices.join(' '),
      deadline,
      since,
      transaction,
      block,
    ];
    yield `${cells.join(',')}\r\n`;
  }
}

/** http://hl7.org/fhir/R4/valueset-research-subject-status.html */
const FHIR_STATUS: Readonly<Record<ParticipationLine['status'], string>> = {
  invited: 'candidate',
  consented: 'pending-on-study',
  active: 'on-study',
  'reconsent-due': 'on-study',
  'reconsent-overdue': 'on-study',
  suspended: 'follow-up',
  withdrawn: 'withdrawn',
  completed: 'off-study',
};

const PARTICIPANT = 'urn:consent-ledger:participant';
const EXTENSION = 'urn:consent-ledger:fhir';

/** A Bundle (R4, collection) of one ResearchStudy and its ResearchSubjects. */
export function* fhirOf(study: StudyDocument, lines: Iterable<ParticipationLine>): Generator<string> {
  yield `{"resourceType":"Bundle","type":"collection","entry":[${entryOf(researchStudy(study))}`;
  for (const line of lines) yield `,${entryOf(researchSubject(study.study, line))}`;
  yield ']}';
}

function entryOf(resource: { readonly resourceType: string; readonly id: string }): string {
  const fullUrl = `${EXTENSION}:${resource.resourceType}:${resource.id}`;
  return JSON.stringify({ fullUrl, resource });
}

function researchStudy({ study, title, registration, status, period, sponsor }: StudyDocument) {
  return {
    resourceType: 'ResearchStudy',
    id: study,
    ...(registration === undefined ? {} : { identifier: [{ value: registration }] }),
    title,
    status: status === 'active' ? 'active' : 'completed',
    period,
    sponsor: { reference: sponsor },
  };
}

function researchSubject(study: string, line: ParticipationLine) {
  const { site, person, status, protocol, since, transaction, block } = line;
  return {
    resourceType: 'ResearchSubject',
    id: Buffer.from(person, 'base64url').toString('hex'),
    extension: [
      { url: `${EXTENSION}:participation-status`, valueCode: status },
      { url: `${EXTENSION}:site`, valueReference: { reference: site } },
      ...(protocol === undefined ? [] : [{ url: `${EXTENSION}:protocol`, valueId: protocol }]),
      { url: `${EXTENSION}:transaction`, valueCode: transaction },
      { url: `${EXTENSION}:block`, valueUnsignedInt: block },
    ],
    identifier: [{ system: PARTICIPANT, value: person }],
    status: FHIR_STATUS[status],
    period: { start: since },
    study: { reference: `ResearchStudy/${study}` },
    individual: { identifier: { system: PARTICIPANT, value: person } },
  };
}
