import { createHash, randomBytes } from 'node:crypto';
import { DatabaseSync } from 'node:sqlite';
import { studyResource } from '@consent-ledger/chaincode/domain';
import {
  accessEvent,
  canonicalBytes,
  privateKey,
  studyCollection,
  type CommandOf,
  type FhirResource,
} from '@consent-ledger/chaincode/wire';
import type { StudyInput } from '@consent-ledger/chaincode/wire/http';
import { PrivateFolder } from '@consent-ledger/gateway/internal/adapters/sqlite/folding';
import type { CustodianLedger } from './custodian-ledger.js';
import type { Ask } from './decisions.js';
import { foldValues } from './fold-values.js';
import { pooled } from './statistics.js';

const SITES = ['RiversideMSP', 'LakesideMSP'] as const;
const SPONSOR = 'NovacureMSP';
const AT = '2026-01-01T00:00:00.000Z';
const SALT = Buffer.alloc(16, 1).toString('base64url');
const PEPPER = Buffer.alloc(32, 1);
const AT_ONCE = 100;
const RECORDS_AT_ONCE = 200;
const FOLDED_AT_ONCE = 5_000;

export function studyBody(): StudyInput {
  return {
    title: 'A trial of a benchmark',
    sites: ['Organization/riverside', 'Organization/lakeside'],
    period: { start: '2026-01-01' },
    status: 'active',
    terms: {
      protocols: [{ version: '1', digest: digest('protocol'), from: AT, consent: 'needed' }],
      purposes: ['CLINTRL', 'HRESCH'],
      dataUse: [],
      approval: { reference: 'EC-bench', start: '2026-01-01', end: '2099-12-31' },
      choices: ['main'],
      thirdParties: [],
      withdrawal: { data: ['keep'], samples: ['destroy'] },
      stopWithinDays: 7,
    },
  };
}

/** A participant with one record. */
export interface Participant {
  readonly subject: string;
  readonly record: string;
}

/** Registers participants, each with a consent to the study, and a record of each. */
export async function cohortOf(
  ledger: CustodianLedger,
  study: string,
  count: number,
): Promise<readonly Participant[]> {
  const made = Array.from({ length: count }, () => ({ subject: token(), record: token() }));
  await pooled(made, AT_ONCE, async ({ subject }) => {
    await ledger.apply({ command: 'register-subject', subject });
    const terms = {
      study,
      protocol: '1',
      choices: ['main'],
      collected: [],
      sponsor: 'Organization/novacure',
    } as const;
    const resource = studyResource({ id: `study-${subject}`, subject, thirdParties: [], ...terms });
    await ledger.apply({
      command: 'file-consent',
      consent: `study-${subject}`,
      subject,
      resource: resource as FhirResource,
      evidence: { kind: 'witnessed', by: token(), form: digest(subject) },
    });
  });
  const parts = Array.from({ length: Math.ceil(count / RECORDS_AT_ONCE) }, (_, nth) =>
    made.slice(nth * RECORDS_AT_ONCE, (nth + 1) * RECORDS_AT_ONCE),
  );
  await pooled(parts, 4, (part) =>
    ledger.apply({ command: 'register-records', records: part.map(recordOf) }),
  );
  return made;
}

function recordOf({ subject, record }: Participant): CommandOf<'register-records'>['records'][number] {
  return {
    record,
    version: 1,
    subjects: [subject],
    digest: digest(record),
    ciphertext: { digest: digest(subject), bytes: 4_096 },
    mediaType: 'application/fhir+json',
    facts: {
      reference: `Observation/${record}`,
      resourceType: 'Observation',
      classes: [],
      codes: [{ system: 'http://loinc.org', code: '718-7' }],
      labels: ['N'],
      authored: '2026-05-01T08:00:00Z',
      author: [],
      refersTo: [],
      referredToBy: [],
    },
  };
}

/**
 * Has a cohort decided and logged as a site does that answers a sponsor: a signed search for each participant, with what was found for it, a
 * hundred to a transaction. Requests are signed beforehand, as those of the baseline are. Gives the seconds that it took; every decision is an
 * event that permits, of which a sample is looked at.
 */
export async function cohortRate(
  ledger: CustodianLedger,
  ask: Ask,
  cohort: readonly Participant[],
  study: string,
  batch: number,
  inFlight: number,
): Promise<number> {
  const asked = cohort.map(({ record }) => {
    const search = { person: `participant/${token().slice(0, 22)}`, limit: 50 };
    const { jws, jti } = ask([], { search, study, purpose: ['CLINTRL'], roles: ['researcher'] });
    return { jws, jti, found: { request: digest(jws), records: [record] } };
  });
  const batches = Array.from({ length: Math.ceil(asked.length / batch) }, (_, nth) =>
    asked.slice(nth * batch, (nth + 1) * batch),
  );
  const started = performance.now();
  await pooled(batches, inFlight, (part) =>
    ledger.apply({
      command: 'decide',
      requests: part.map(({ jws }) => jws),
      found: part.map(({ found }) => found),
    }),
  );
  const seconds = (performance.now() - started) / 1_000;
  const step = Math.max(1, Math.floor(asked.length / 25));
  for (let nth = 0; nth < asked.length; nth += step) {
    const bytes = await ledger.query({ query: 'event', requester: SPONSOR, jti: asked[nth]?.jti ?? '' });
    const { records } = accessEvent.parse(JSON.parse(Buffer.from(bytes).toString('utf8')));
    if (records.length !== 1 || records[0]?.outcome !== 'permit')
      throw new Error(
        `a participant of the benchmark was denied: ${records[0]?.code ?? 'nothing was found'}`,
      );
  }
  return seconds;
}

/**
 * Puts participations into the projection of a sponsor's gateway that does not run, as it would have folded them from blocks: by its own
 * folding. To have so many recorded by the ledger would take hours.
 */
export function fillParticipations(file: string, study: string, count: number): void {
  const database = new DatabaseSync(file);
  database.exec('PRAGMA synchronous = OFF; PRAGMA cache_size = -524288');
  const folder = new PrivateFolder(
    database,
    SITES.map((site) => studyCollection(site, SPONSOR)),
  );
  for (let from = 0; from < count; from += FOLDED_AT_ONCE) {
    const values = Array.from({ length: Math.min(FOLDED_AT_ONCE, count - from) }, (_, nth) =>
      participationOf(study, from + nth),
    );
    foldValues(database, folder, values, { index: 0, id: `bench-${from}` });
  }
  database.close();
}

const STATUSES = [
  'invited',
  'consented',
  'active',
  'active',
  'active',
  'suspended',
  'withdrawn',
  'completed',
] as const;

function participationOf(study: string, nth: number): { collection: string; key: string; value: Buffer } {
  const site = SITES[nth % SITES.length] ?? SITES[0];
  const status = STATUSES[nth % STATUSES.length] ?? 'active';
  const person = digest(`${study} ${nth}`).slice(0, 22);
  const value = {
    v: 1,
    salt: SALT,
    study,
    site,
    sponsor: SPONSOR,
    person,
    version: 1,
    status,
    ...(status === 'invited' ? {} : { protocol: '1', evidence: 'witnessed' }),
    choices: status === 'invited' ? [] : ['main'],
    collected: [],
    at: AT,
  };
  return {
    collection: studyCollection(site, SPONSOR),
    key: privateKey('participation', PEPPER, study, person),
    value: canonicalBytes(value),
  };
}

/** 128 random bits, as hex: a FHIR id. */
function token(): string {
  return randomBytes(16).toString('hex');
}

function digest(content: string): string {
  return createHash('sha256').update(content).digest('base64url');
}
