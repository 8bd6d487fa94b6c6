import { createHash } from 'node:crypto';
import type { StudyChoice } from '@consent-ledger/chaincode/domain';
import {
  cohortLine,
  cohortSummary,
  studyConsentFiled,
  type CohortLine,
  type CohortSummary,
} from '@consent-ledger/chaincode/wire/http';
import { call, callLines } from '../../consortium/member-calls.js';
import { askFor, putRecord, registerSubject } from '../calls.js';
import { memberReference } from '../../consortium/summary.js';
import { EXIT, UserError } from '../../user-error.js';
import type { Site, TrialCast } from './cast.js';

/** A participant, as their site knows them. */
export interface Participant {
  readonly site: Site;
  readonly subject: string;
  readonly record: string;
  /** Of the consent. */
  readonly consent: string;
  readonly choices: readonly StudyChoice[];
}

const COHORT_MS = 600_000;
/** How many calls are under way at one time. */
const AT_ONCE = 12;

/** A number between 0 and 1 that follows from the seed and what it is for. */
export function chance(seed: string, ...of: readonly (string | number)[]): number {
  const digest = createHash('sha256')
    .update([seed, ...of].join(' '))
    .digest();
  return digest.readUInt32BE() / 2 ** 32;
}

/** Does something with each, some at a time; gives the results in their order. */
export async function each<Item, Result>(
  items: readonly Item[],
  act: (item: Item, index: number) => Promise<Result>,
): Promise<Result[]> {
  const results: Result[] = [];
  let next = 0;
  const work = async (): Promise<void> => {
    for (let index = next++; index < items.length; index = next++) {
      const item = items[index];
      if (item !== undefined) results[index] = await act(item, index);
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, work));
  return results;
}

/** Registers somebody with a blood pressure, made from the seed, and files what they choose. */
export async function newParticipant(
  study: string,
  site: Site,
  index: number,
  seed: string,
): Promise<Participant> {
  const { subject } = await registerSubject(site.as['consent-clerk']);
  const record = `${study}-${index}`;
  const systolic = 110 + Math.floor(chance(seed, 'systolic', index) * 60);
  const observation = {
    resourceType: 'Observation',
    id: record,
    status: 'final',
    code: { coding: [{ system: 'http://loinc.org', code: '8480-6', display: 'Systolic blood pressure' }] },
    subject: { reference: `Patient/mrn-${index}`, display: 'Somebody' },
    effectiveDateTime: '2026-02-01T08:30:00Z',
    note: [{ text: 'was nervous' }],
    valueQuantity: { value: systolic, unit: 'mmHg', system: 'http://unitsofmeasure.org', code: 'mm[Hg]' },
  };
  const bytes = Buffer.from(JSON.stringify(observation));
  const example = { reference: `Observation/${record}`, about: 'systolic blood pressure', bytes };
  await putRecord(site.as['records-clerk'], record, subject, example, ['N']);
  const choices: StudyChoice[] = ['main', 'samples'];
  for (const choice of ['genetic', 'recontact', 'future'] as const)
    if (chance(seed, choice, index) < 0.5) choices.push(choice);
  return { site, subject, record, choices, consent: await consentTo(study, '1', { site, subject, choices }) };
}

/** Files a consent to a protocol version, or its next version. Gives the consent's id. */
export async function consentTo(
  study: string,
  protocol: string,
  { site, subject, choices }: Pick<Participant, 'site' | 'subject' | 'choices'>,
): Promise<string> {
  const form = createHash('sha256').update(`${study} ${subject} ${protocol}`).digest('base64url');
  const body = { subject, protocol, choices, evidence: { kind: 'witnessed', form } };
  const clerk = site.as['consent-clerk'];
  return (await call(clerk, 'POST', `/v1/studies/${study}/consents`, studyConsentFiled, body)).consent;
}

export interface Cohort {
  readonly lines: readonly CohortLine[];
  readonly summary: CohortSummary['summary'];
}

/** The sponsor takes what a site's participants let out; `onLine` is told of each record. */
export async function takeCohort(
  { sponsor }: TrialCast,
  study: string,
  site: Site,
  onLine: () => void = () => undefined,
): Promise<Cohort> {
  const lines: CohortLine[] = [];
  const body = { site: memberReference(site.organisation) };
  const path = `/v1/studies/${study}/data`;
  for await (const line of callLines(sponsor.as.researcher, path, body, COHORT_MS)) {
    const counted = cohortSummary.safeParse(line).data;
    if (counted !== undefined) return { lines, summary: counted.summary };
    lines.push(cohortLine.parse(line));
    onLine();
  }
  throw new UserError('The data of a cohort broke off: the line that counts did not come.', EXIT.failed);
}

/** The sponsor asks for a participant's record: whether it came. */
export async function askForData(
  { sponsor }: TrialCast,
  study: string,
  { site, record }: Participant,
): Promise<boolean> {
  const { status } = await askFor(
    sponsor.as.researcher,
    memberReference(site.organisation),
    record,
    'CLINTRL',
    study,
  );
  return status === 200;
}
