import { createHash } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import {
  alertList,
  studyCounts,
  studyDocument,
  type Alert,
  type StudyCounts,
  type StudyInput,
} from '@consent-ledger/chaincode/wire/http';
import { call } from '../../consortium/member-calls.js';
import type { MemberClient } from '../../consortium/member-client.js';
import { memberReference } from '../../consortium/summary.js';
import { must } from '../narration.js';
import type { TrialCast } from './cast.js';

type Protocol = StudyInput['terms']['protocols'][number];

const PATIENCE_MS = 120_000;

export function protocol(version: string, rest: Pick<Protocol, 'from' | 'consent' | 'deadline'>): Protocol {
  const digest = createHash('sha256').update(`protocol ${version}`).digest('base64url');
  return { version, digest, ...rest };
}

/** States the study with these protocol versions, or what has changed of it. */
export async function state(
  { sites, sponsor }: TrialCast,
  study: string,
  protocols: Protocol[],
): Promise<string> {
  const body: StudyInput = {
    title: 'A trial of an imagined drug in mild hypertension',
    sites: sites.map(({ organisation }) => memberReference(organisation)),
    period: { start: '2026-01-01' },
    status: 'active',
    terms: {
      protocols,
      purposes: ['CLINTRL', 'HRESCH'],
      dataUse: ['DUO:0000007'],
      approval: { reference: 'EC-demo', start: '2026-01-01', end: '2099-12-31' },
      choices: ['main', 'samples', 'genetic', 'recontact', 'future'],
      thirdParties: [],
      withdrawal: { data: ['keep', 'destroy'], samples: ['destroy'] },
      stopWithinDays: 7,
    },
  };
  const said = await call(sponsor.as['trial-manager'], 'PUT', `/v1/studies/${study}`, studyDocument, body);
  return `200, ${said.terms.length} sites have its terms`;
}

/** The counts by status, as a member sees them. */
export async function countsAt(client: MemberClient, study: string): Promise<Record<string, number>> {
  const { counts }: StudyCounts = await call(client, 'GET', `/v1/studies/${study}/counts`, studyCounts);
  const by: Record<string, number> = {};
  for (const { status, count } of counts) by[status] = (by[status] ?? 0) + count;
  return by;
}

/** Waits until a member counts just that. */
export async function counts(
  client: MemberClient,
  study: string,
  expected: Readonly<Record<string, number>>,
): Promise<void> {
  const deadline = Date.now() + PATIENCE_MS;
  for (;;) {
    const seen = await countsAt(client, study);
    if (textOf(seen) === textOf(expected)) return;
    must(Date.now() < deadline, textOf(expected), `${textOf(seen)} was counted`);
    await sleep(200);
  }
}

export async function alertsAt(client: MemberClient, study: string): Promise<Alert[]> {
  return (await call(client, 'GET', `/v1/studies/${study}/alerts`, alertList)).alerts;
}

export function textOf(by: Readonly<Record<string, number>>): string {
  const known = Object.entries(by).filter(([, count]) => count > 0);
  return known
    .sort(([one], [other]) => (one < other ? -1 : 1))
    .map(([status, count]) => `${count} ${status}`)
    .join(', ');
}
