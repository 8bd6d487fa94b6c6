import { studyResource, type Collected, type StudyChoice } from '@consent-ledger/chaincode/domain';
import type {
  FhirResource,
  Participation,
  StudyCommand,
  RegistryCommand,
} from '@consent-ledger/chaincode/wire';
import { participation, privateKey, studyCollection, studyPerson } from '@consent-ledger/chaincode/wire';
import { SUBJECT, sha } from './fixtures.js';
import { NOVACURE, PEPPER, RIVERSIDE, type World } from './world.js';

export const STUDY = 'nova-101';
export const STUDY_PEPPER = sha('study pepper');

type Given<Command, Name> = Omit<Extract<Command, { command: Name }>, 'v' | 'salt'>;
export type Terms = Given<StudyCommand, 'state-terms'>;

export function termsOf(changes: Partial<Terms> = {}): Terms {
  return {
    command: 'state-terms',
    pepper: STUDY_PEPPER,
    study: STUDY,
    version: 1,
    protocols: [
      { version: '1', digest: sha('protocol 1'), from: '2026-01-01T00:00:00.000Z', consent: 'needed' },
    ],
    purposes: ['CLINTRL', 'HRESCH'],
    dataUse: ['DUO:0000007'],
    approval: { reference: 'EC-2026-17', start: '2026-01-01', end: '2027-12-31' },
    choices: ['main', 'samples', 'genetic', 'recontact', 'future', 'sharing'],
    thirdParties: ['Organization/lakeside'],
    withdrawal: { data: ['keep', 'destroy'], samples: ['destroy'] },
    stopWithinDays: 7,
    profile: { name: 'research', version: '1', digest: sha('profile') },
    ...changes,
  };
}

export function studyOf(
  changes: Partial<Given<RegistryCommand, 'state-study'>> = {},
): Given<RegistryCommand, 'state-study'> {
  return {
    command: 'state-study',
    study: STUDY,
    version: 1,
    sponsor: NOVACURE,
    title: 'Nova 101, a trial of a test',
    registration: 'NCT01234567',
    sites: [RIVERSIDE],
    period: { start: '2026-01-01', end: '2028-12-31' },
    status: 'active',
    ...changes,
  };
}

/** The study's terms at Riverside, and then what is public of it. */
export async function openStudy(world: World, terms: Partial<Terms> = {}): Promise<void> {
  await world.study(termsOf(terms));
  await world.register(studyOf(), { mspId: NOVACURE });
}

export interface Chosen {
  readonly id?: string;
  readonly subject?: string;
  readonly study?: string;
  readonly protocol?: string;
  readonly choices?: readonly StudyChoice[];
  readonly collected?: readonly Collected[];
}

export function studyConsent({
  id = 's-1',
  subject = SUBJECT,
  study = STUDY,
  protocol = '1',
  choices = ['main'],
  collected = [],
}: Chosen = {}): FhirResource {
  return studyResource({
    id,
    subject,
    study,
    protocol,
    choices,
    collected,
    sponsor: 'Organization/novacure',
    thirdParties: ['Organization/lakeside'],
  }) as FhirResource;
}

/** What the sponsor knows of a subject; undefined where it knows nothing. */
export function participationOf(world: World, subject = SUBJECT, study = STUDY): Participation | undefined {
  const key = privateKey(
    'participation',
    Buffer.from(STUDY_PEPPER, 'base64url'),
    study,
    studyPerson(PEPPER, study, subject),
  );
  const value = world.ledger.values().get(`${studyCollection(RIVERSIDE, NOVACURE)}/${key}`);
  return value === undefined ? undefined : participation.parse(value);
}
