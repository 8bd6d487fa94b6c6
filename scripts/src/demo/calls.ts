import { createHash, randomBytes } from 'node:crypto';
import {
  accessEventPage,
  consentFiled,
  consentWithdrawn,
  DESCRIPTOR_HEADER,
  EVENT_HEADERS,
  problemSchema,
  recordRegistered,
  subjectRegistered,
  type AccessEventDocument,
} from '@consent-ledger/chaincode/wire/http';
import type { z } from 'zod';
import type { MemberClient } from '../consortium/member-client.js';
import type { HttpsResponse } from '../https.js';
import type { Example } from './examples.js';
import { must } from './narration.js';

/** Answer to a request for one record: the record, or the refusal. */
export interface Asked {
  readonly status: number;
  /** The problem's code; absent where the record came. */
  readonly code?: string;
  /** What came, byte for byte. */
  readonly bytes: Buffer;
  readonly transaction?: string;
  readonly block?: number;
}

export async function registerSubject(clerk: MemberClient): Promise<z.output<typeof subjectRegistered>> {
  return expectJson(await postJson(clerk, '/v1/subjects', {}), 201, subjectRegistered);
}

/** @param labels security labels that the clerk states; absent: those in the resource itself */
export async function putRecord(
  clerk: MemberClient,
  id: string,
  subject: string,
  example: Example,
  labels: readonly string[] | undefined,
): Promise<z.output<typeof recordRegistered>> {
  const descriptor = labels && Buffer.from(JSON.stringify({ labels })).toString('base64url');
  const response = await clerk.send({
    method: 'PUT',
    path: `/v1/records/${id}?${new URLSearchParams({ subject }).toString()}`,
    headers: {
      'content-type': 'application/fhir+json',
      ...(descriptor === undefined ? {} : { [DESCRIPTOR_HEADER]: descriptor }),
    },
    body: example.bytes,
  });
  return expectJson(response, 201, recordRegistered);
}

/** Files a consent that the clerk witnessed. The demo has no paper form: its hash is that of random bytes. */
export async function fileConsent(
  clerk: MemberClient,
  resource: Record<string, unknown>,
): Promise<z.output<typeof consentFiled>> {
  const form = createHash('sha256').update(randomBytes(32)).digest('base64url');
  const body = { resource, evidence: { kind: 'witnessed', form } };
  return expectJson(await postJson(clerk, '/v1/consents', body), 201, consentFiled);
}

export async function withdrawConsent(
  clerk: MemberClient,
  id: string,
): Promise<z.output<typeof consentWithdrawn>> {
  return expectJson(await postJson(clerk, `/v1/consents/${id}/withdrawal`, {}), 200, consentWithdrawn);
}

/** Asks a custodian for one record, through the own gateway. */
export async function askFor(
  user: MemberClient,
  custodian: string,
  record: string,
  purpose: string,
  study?: string,
): Promise<Asked> {
  const named = study === undefined ? {} : { study };
  const body = { custodian, records: [record], purpose: [purpose], ...named };
  return asked(await postJson(user, '/v1/access-requests', body));
}

/** Reads one of the own records. */
export async function readOwn(user: MemberClient, record: string, purpose: string): Promise<Asked> {
  const query = new URLSearchParams({ purpose }).toString();
  return asked(await user.send({ method: 'GET', path: `/v1/records/${record}?${query}` }));
}

/** All access events about a subject, oldest first. */
export async function accessEvents(
  auditor: MemberClient,
  custodian: string,
  subject: string,
): Promise<AccessEventDocument[]> {
  const events: AccessEventDocument[] = [];
  for (let after: string | undefined; ;) {
    const query = new URLSearchParams({ custodian, subject, ...(after === undefined ? {} : { after }) });
    const response = await auditor.send({ method: 'GET', path: `/v1/access-events?${query.toString()}` });
    const page = expectJson(response, 200, accessEventPage);
    events.push(...page.events);
    if (page.next === undefined) return events;
    after = page.next;
  }
}

export function sha256(bytes: Buffer): string {
  return createHash('sha256').update(bytes).digest('hex');
}

function asked({ status, headers, body }: HttpsResponse): Asked {
  if (status === 200) {
    const block = headers[EVENT_HEADERS.block.toLowerCase()];
    const transaction = headers[EVENT_HEADERS.transaction.toLowerCase()];
    must(
      typeof block === 'string' && typeof transaction === 'string',
      'the event in the headers',
      'none was there',
    );
    return { status, bytes: body, transaction, block: Number(block) };
  }
  must(
    headers['content-type']?.startsWith('application/problem+json') === true,
    'a record or a problem document',
    `status ${status} came with ${headers['content-type'] ?? 'no type'}`,
  );
  const { code, transaction, block } = problemSchema.parse(JSON.parse(body.toString('utf8')));
  return {
    status,
    code,
    bytes: body,
    ...(transaction === undefined ? {} : { transaction }),
    ...(block === undefined ? {} : { block }),
  };
}

function postJson(client: MemberClient, path: string, body: unknown): Promise<HttpsResponse> {
  return client.send({
    method: 'POST',
    path,
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
    deadlineMs: 60_000,
  });
}

function expectJson<T>({ status, body }: HttpsResponse, expected: number, schema: z.ZodType<T>): T {
  must(
    status === expected,
    `status ${expected}`,
    `status ${status} came: ${body.toString('utf8').slice(0, 2_000)}`,
  );
  return schema.parse(JSON.parse(body.toString('utf8')));
}
