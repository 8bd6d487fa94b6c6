import { randomUUID } from 'node:crypto';
import {
  participationPage,
  type ParticipationLine,
  type StudyConsentInput,
  type StudyInput,
} from '@consent-ledger/chaincode/wire/http';
import { expect } from 'chai';
import { eventually } from '../../support/eventually.js';
import type { Answer, TestMember } from './consortium.js';
import { FORM, putRecord, registerSubject } from './people.js';

export const DAY_MS = 86_400_000;

export function inDays(days: number): string {
  return new Date(Date.now() + days * DAY_MS).toISOString();
}

export function studyBody(terms: Partial<StudyInput['terms']> = {}, sites = ['riverside']): StudyInput {
  return {
    title: 'A trial of a test',
    registration: 'NCT01234567',
    sites: sites.map((name) => `Organization/${name}`),
    period: { start: '2026-01-01' },
    status: 'active',
    terms: {
      protocols: [{ version: '1', digest: FORM, from: '2026-01-01T00:00:00.000Z', consent: 'needed' }],
      purposes: ['CLINTRL', 'HRESCH'],
      dataUse: ['DUO:0000007'],
      approval: { reference: 'EC-17', start: '2026-01-01', end: '2099-12-31' },
      choices: ['main', 'samples', 'genetic', 'recontact', 'future', 'sharing'],
      thirdParties: [],
      withdrawal: { data: ['keep', 'destroy'], samples: ['destroy'] },
      stopWithinDays: 7,
      ...terms,
    },
  };
}

/** States a study, and waits until its sites can read it too. */
export async function putStudy(
  sponsor: TestMember,
  body: StudyInput = studyBody(),
  id = `study-${randomUUID().slice(0, 8)}`,
): Promise<string> {
  const token = await sponsor.token('manager', ['trial-manager']);
  const answer = await sponsor.call('PUT', `/v1/studies/${id}`, { token, body });
  expect(answer.status, answer.bytes.toString()).to.equal(200);
  return id;
}

export function chosen(input: Partial<StudyConsentInput> & { subject: string }): StudyConsentInput {
  return { protocol: '1', choices: ['main', 'samples', 'genetic'], ...input };
}

/** Files a consent to a study, or its next version; the site's peer may hear of the study a moment later than its sponsor's. */
export async function consentTo(
  study: string,
  site: TestMember,
  input: Partial<StudyConsentInput> & { subject: string },
): Promise<string> {
  const token = await site.token('clerk', ['consent-clerk']);
  const body = { ...chosen(input), evidence: { kind: 'witnessed', form: FORM } };
  const answer = await eventually(async () => {
    const filed = await site.call('POST', `/v1/studies/${study}/consents`, { token, body });
    expect(filed.status, filed.bytes.toString()).to.equal(201);
    return filed;
  });
  return String(answer.json['consent']);
}

export async function participations(
  study: string,
  at: TestMember,
  query = 'limit=200',
): Promise<ParticipationLine[]> {
  const token = await at.token('manager', ['trial-manager']);
  const answer = await at.call('GET', `/v1/studies/${study}/participations?${query}`, { token });
  expect(answer.status, answer.bytes.toString()).to.equal(200);
  return participationPage.parse(answer.json).participations;
}

/** Withdraws all of a participant's consent. */
export async function leave(site: TestMember, consent: string, collected?: string): Promise<Answer> {
  const token = await site.token('clerk', ['consent-clerk']);
  const body = collected === undefined ? {} : { collected };
  return site.call('POST', `/v1/consents/${consent}/withdrawal`, { token, body });
}

/** Somebody new consents and withdraws; gives their pseudonym, once the sponsor knows. */
export async function withdrawnFrom(study: string, site: TestMember, sponsor: TestMember): Promise<string> {
  const before = new Set((await participations(study, sponsor)).map(({ person }) => person));
  const consent = await consentTo(study, site, { subject: await registerSubject(site) });
  const person = await eventually(async () => {
    const found = (await participations(study, sponsor)).find((one) => !before.has(one.person));
    if (found === undefined) throw new Error('the sponsor does not know yet');
    return found.person;
  });
  await leave(site, consent);
  await eventually(async () => {
    const found = (await participations(study, sponsor)).find((one) => one.person === person);
    expect(found?.status).to.equal('withdrawn');
  });
  return person;
}

/** Something measured of somebody, as a hospital's system has it: with names, numbers and words. */
export function observation(value = 120, effective = '2026-03-01T08:30:00+01:00'): Record<string, unknown> {
  return {
    resourceType: 'Observation',
    id: `obs-${randomUUID().slice(0, 8)}`,
    identifier: [{ system: 'urn:hospital:orders', value: 'ORDER-4711-ZX' }],
    text: { status: 'generated', div: '<div xmlns="http://www.w3.org/1999/xhtml">Seen in ward 7</div>' },
    status: 'final',
    code: {
      coding: [{ system: 'http://loinc.org', code: '8480-6', display: 'Systolic' }],
      text: 'of Ms Doe',
    },
    subject: { reference: 'Patient/mrn-0815', display: 'Jane Doe' },
    performer: [{ reference: 'Practitioner/house', display: 'Dr House' }],
    effectiveDateTime: effective,
    note: [{ text: 'Jane was nervous' }],
    valueQuantity: { value, unit: 'mmHg', system: 'http://unitsofmeasure.org', code: 'mm[Hg]' },
  };
}

/** Keeps it as the hospital's record. */
export function putObservation(
  site: TestMember,
  subject: string,
  content: object = observation(),
): ReturnType<typeof putRecord> {
  const facts = { labels: ['N'] };
  const bytes = Buffer.from(JSON.stringify(content));
  return putRecord(site, { subject, content: bytes, mediaType: 'application/fhir+json', facts });
}
