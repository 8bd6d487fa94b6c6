import type { Question, ReasonCode } from '@consent-ledger/chaincode/domain';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { repository } from '../../property/domain/code-systems.js';
import { ask } from './build.js';

type Release = 'R4' | 'R5';
type Row = readonly [asked: string, question: Partial<Question>, reason: ReasonCode];

/** One published example of Consent: what its narrative says, and what comes of it here. */
export interface Published {
  readonly release: Release;
  readonly name: string;
  readonly narrative: string;
  /** Elements that it is refused for. */
  readonly refused?: readonly string[];
  /** Why, for a reader of docs/consent.md; or why the text says something else than the narrative. */
  readonly remark?: string;
  readonly rows?: readonly Row[];
}

const TWO_READINGS = 'the root is an exception to `policyRule`, or its scope';
const member = (name: string, ...references: string[]): { requester: Question['requester'] } => ({
  requester: { member: `Organization/${name}`, references, roles: [] },
});
const access = { actions: ['access' as const] };

/** Every example of Consent that R4 publishes, then every one of R5. */
export const published: readonly Published[] = [
  {
    release: 'R4',
    name: 'basic',
    narrative: 'all that is collected is available for normal treatment',
    rows: [
      ['treatment, in 2015', { at: '2015-06-01T00:00:00Z' }, 'permitted-by-consent'],
      ['treatment, after its period', { at: '2016-06-01T00:00:00Z' }, 'consent-expired'],
    ],
  },
  {
    release: 'R4',
    name: 'Emergency',
    narrative: 'nothing but for emergency treatment',
    refused: ['Consent.provision.actor', 'Consent.provision.purpose'],
    remark: TWO_READINGS,
  },
  {
    release: 'R4',
    name: 'Out',
    narrative: 'nothing of one hospital',
    refused: ['Consent.provision.actor'],
    remark: TWO_READINGS,
  },
  {
    release: 'R4',
    name: 'grantor',
    narrative: 'read-only access for one person',
    refused: ['Consent.provision.actor', 'Consent.provision.action'],
    remark: TWO_READINGS,
  },
  {
    release: 'R4',
    name: 'notAuthor',
    narrative: 'nothing that one hospital authored',
    refused: ['Consent.provision.actor'],
    remark: TWO_READINGS,
  },
  {
    release: 'R4',
    name: 'notOrg',
    narrative: 'nothing to one clinic',
    refused: ['Consent.policyRule.coding[0]'],
    remark: 'the root denies, and `policyRule` says opt-in',
  },
  {
    release: 'R4',
    name: 'notThem',
    narrative: 'nothing to one nurse',
    refused: ['Consent.provision.actor', 'Consent.provision.action'],
    remark: TWO_READINGS,
  },
  {
    release: 'R4',
    name: 'notThis',
    narrative: 'not one order and its results',
    refused: ['Consent.provision.data'],
    remark: TWO_READINGS,
  },
  {
    release: 'R4',
    name: 'notTime',
    narrative: 'no data of a timeframe',
    remark:
      'its text is that of `basic`, a consent for January 2015: the data of a time would be `dataPeriod`',
    rows: [
      ['treatment, in January 2015', { at: '2015-01-15T00:00:00Z' }, 'permitted-by-consent'],
      ['treatment, later', { at: '2015-03-01T00:00:00Z' }, 'consent-expired'],
    ],
  },
  {
    release: 'R4',
    name: 'pkb',
    narrative: 'that of a picture',
    refused: [
      'Consent.provision.actor',
      'Consent.provision.action',
      'Consent.provision.securityLabel',
      ...Array.from({ length: 11 }, (_, index) => `Consent.provision.provision[${index}].type`),
    ],
    remark: 'exceptions without a type, of a root that may be an exception itself',
  },
  {
    release: 'R4',
    name: 'signature',
    narrative: 'that of its text',
    refused: ['Consent.provision.actor'],
    remark: TWO_READINGS,
  },
  {
    release: 'R4',
    name: 'smartonfhir',
    narrative: 'that of its text: opt-in for half an hour, and access to medication requests',
    rows: [
      ['access, within that time', { at: '2016-06-23T07:10:00Z', ...access }, 'permitted-by-consent'],
      ['access, half an hour later', { at: '2016-06-23T07:40:00Z', ...access }, 'consent-expired'],
    ],
  },
  {
    release: 'R5',
    name: 'basic',
    narrative: 'all that is collected is available for normal treatment',
    rows: [
      ['treatment, in 2018', { at: '2018-06-01T00:00:00Z' }, 'permitted-by-consent'],
      ['treatment, after the period of the permit', { at: '2019-06-01T00:00:00Z' }, 'denied-by-consent'],
    ],
  },
  {
    release: 'R5',
    name: 'CDA',
    narrative:
      'that of its text: permit; for a year not to one practitioner, but for summaries of one author',
    rows: [
      ['another practitioner, in that year', { at: '2019-01-01T00:00:00Z' }, 'permitted-by-consent'],
      [
        'that practitioner',
        { at: '2019-01-01T00:00:00Z', ...member('lakeside', 'Practitioner/f001') },
        'denied-by-consent',
      ],
      [
        'that practitioner, a discharge summary of that author',
        {
          at: '2019-01-01T00:00:00Z',
          ...member('lakeside', 'Practitioner/f001'),
          record: {
            author: ['Practitioner/xcda-author'],
            classes: [{ system: 'urn:ietf:bcp:13', code: 'application/hl7-cda+xml' }],
            codes: [{ system: 'http://loinc.org', code: '18842-5' }],
          },
        },
        'permitted-by-consent',
      ],
      [
        'that practitioner, after that year',
        { at: '2020-01-01T00:00:00Z', ...member('lakeside', 'Practitioner/f001') },
        'permitted-by-consent',
      ],
    ],
  },
  {
    release: 'R5',
    name: 'Emergency',
    narrative: 'nothing of one hospital but for emergency treatment',
    remark:
      'its text says the opposite: the deny has an exception for the hospital, which permits, and that one an exception for ETREAT, which denies (R5: each level the opposite of the one above)',
    rows: [
      ['treatment, of that hospital', { custodian: 'Organization/f201' }, 'permitted-by-consent'],
      [
        'emergency treatment, of that hospital',
        { custodian: 'Organization/f201', purpose: ['ETREAT'] },
        'denied-by-consent',
      ],
      ['treatment, of another', {}, 'denied-by-consent'],
    ],
  },
  {
    release: 'R5',
    name: 'grantor',
    narrative: 'read-only access for one person, of one hospital',
    rows: [
      [
        'access by that person',
        { custodian: 'Organization/f203', ...access, ...member('lakeside', 'Practitioner/f007') },
        'permitted-by-consent',
      ],
      [
        'to correct, by that person',
        { custodian: 'Organization/f203', actions: ['correct'], ...member('lakeside', 'Practitioner/f007') },
        'denied-by-consent',
      ],
      ['access by another', { custodian: 'Organization/f203', ...access }, 'denied-by-consent'],
      [
        'access by that person, of another hospital',
        { ...access, ...member('lakeside', 'Practitioner/f007') },
        'denied-by-consent',
      ],
    ],
  },
  {
    release: 'R5',
    name: 'notAuthor',
    narrative: 'nothing that one hospital collected, to anybody',
    rows: [
      ['treatment, of that hospital', { custodian: 'Organization/f001' }, 'denied-by-consent'],
      ['treatment, of another', {}, 'permitted-by-consent'],
    ],
  },
  {
    release: 'R5',
    name: 'notOrg',
    narrative: 'nothing to one hospital',
    rows: [
      ['access by that hospital', { ...access, ...member('f001') }, 'denied-by-consent'],
      ['access by another', access, 'permitted-by-consent'],
    ],
  },
  {
    release: 'R5',
    name: 'notThem',
    narrative: 'nothing to one nurse',
    rows: [
      [
        'access by that nurse',
        { ...access, ...member('lakeside', 'Practitioner/f204') },
        'denied-by-consent',
      ],
      ['access by another', access, 'permitted-by-consent'],
    ],
  },
  {
    release: 'R5',
    name: 'notThis',
    narrative: 'not one order and its results',
    rows: [
      ['that order', { record: { reference: 'MedicationRequest/medrx0305' } }, 'denied-by-consent'],
      ['what refers to it', { record: { refersTo: ['MedicationRequest/medrx0305'] } }, 'denied-by-consent'],
      ['anything else', {}, 'permitted-by-consent'],
    ],
  },
  {
    release: 'R5',
    name: 'notTime',
    narrative: 'no data of a timeframe',
    remark: 'its text denies in January 2015, whatever the data: the data of a time would be `dataPeriod`',
    rows: [
      ['treatment, in January 2015', { at: '2015-01-15T00:00:00Z' }, 'denied-by-consent'],
      ['treatment, later', { at: '2015-03-01T00:00:00Z' }, 'permitted-by-consent'],
    ],
  },
  {
    release: 'R5',
    name: 'Out',
    narrative: 'nothing of one hospital',
    rows: [
      ['treatment, of that hospital', { custodian: 'Organization/f001' }, 'denied-by-consent'],
      ['treatment, of another', {}, 'permitted-by-consent'],
    ],
  },
  {
    release: 'R5',
    name: 'pkb',
    narrative: 'that of a picture',
    rows: [
      [
        'access by that hospital, a record at L',
        { ...access, ...member('f001'), record: { labels: ['L'] } },
        'permitted-by-consent',
      ],
      [
        'the same, a record at N, which an exception to the permit names',
        { ...access, ...member('f001') },
        'denied-by-consent',
      ],
      ['access by another', access, 'denied-by-consent'],
    ],
  },
  {
    release: 'R5',
    name: 'smartonfhir',
    narrative: 'that of its text: permit; for half an hour nothing but access to medication requests',
    rows: [
      [
        'access to a medication request, within that time',
        { at: '2016-06-23T07:10:00Z', ...access, record: { resourceType: 'MedicationRequest' } },
        'permitted-by-consent',
      ],
      [
        'access to an observation, within that time',
        { at: '2016-06-23T07:10:00Z', ...access },
        'denied-by-consent',
      ],
      ['access to an observation, later', { at: '2016-06-23T08:10:00Z', ...access }, 'permitted-by-consent'],
    ],
  },
];

export function publishedText({
  release,
  name,
}: Pick<Published, 'release' | 'name'>): Record<string, unknown> {
  const folder =
    release === 'R4' ? ['node_modules', 'hl7.fhir.r4.examples'] : ['test', 'vectors', 'fhir-r5-examples'];
  return JSON.parse(
    readFileSync(join(repository, ...folder, `Consent-consent-example-${name}.json`), 'utf8'),
  ) as Record<string, unknown>;
}

/** The question, about the patient of that example. */
export function publishedQuestion(text: Record<string, unknown>, question: Partial<Question>): Question {
  const patient = (text['patient'] ?? text['subject']) as { reference: string };
  return ask({ subjects: [patient.reference], ...question });
}
