import { randomBytes, randomUUID } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { consentOf, type Person } from '../population.js';
import { pooled } from '../statistics.js';
import type { User } from './user.js';

const AT_ONCE = 100;
const FORM = randomBytes(32).toString('base64url');
const BINARY = 'application/octet-stream';
const DESCRIPTOR = { 'consent-ledger-descriptor': Buffer.from('{"labels":["N"]}').toString('base64url') };

/** Clerks of the custodian. */
export interface Clerks {
  readonly records: User;
  readonly consents: User;
}

/** Subjects with a consent for the requester and records of `bytes` random bytes, all through the custodian's gateway. */
export async function keepPeople(
  clerks: Clerks,
  requester: string,
  people: number,
  recordsEach: number,
  bytes: number,
): Promise<readonly Person[]> {
  const made: { subject: string; records: string[] }[] = [];
  await pooled([...Array(people).keys()], AT_ONCE, async () => {
    made.push({ subject: await subjectWithConsent(clerks, requester), records: [] });
  });
  const wanted = made.flatMap((person) => Array.from({ length: recordsEach }, () => person));
  await pooled(wanted, AT_ONCE, async ({ subject, records }) => {
    const record = randomUUID();
    records.push(record);
    await clerks.records.send('PUT', `/v1/records/${record}?subject=${subject}`, {
      headers: { 'content-type': BINARY, ...DESCRIPTOR },
      body: randomBytes(bytes),
      expected: 201,
    });
  });
  return made;
}

/** A subject with one record, which is a file. */
export async function keepFile(clerks: Clerks, requester: string, file: string): Promise<string> {
  const subject = await subjectWithConsent(clerks, requester);
  const record = randomUUID();
  await clerks.records.send('PUT', `/v1/records/${record}?subject=${subject}`, {
    headers: { 'content-type': BINARY, 'content-length': `${(await stat(file)).size}`, ...DESCRIPTOR },
    body: createReadStream(file, { highWaterMark: 256 * 1024 }),
    expected: 201,
  });
  return record;
}

async function subjectWithConsent({ records, consents }: Clerks, requester: string): Promise<string> {
  const json = { 'content-type': 'application/json' };
  const registered = await records.send('POST', '/v1/subjects', { headers: json, body: '{}', expected: 201 });
  const { subject } = JSON.parse(registered.body.toString('utf8')) as { subject: string };
  const body = { resource: consentOf(subject, requester), evidence: { kind: 'witnessed', form: FORM } };
  await consents.send('POST', '/v1/consents', { headers: json, body: JSON.stringify(body), expected: 201 });
  return subject;
}
