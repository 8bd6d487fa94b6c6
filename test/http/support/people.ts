import { createHash, randomUUID } from 'node:crypto';
import type { Answer, TestMember } from './consortium.js';

const HL7 = 'http://terminology.hl7.org/CodeSystem';

export interface ConsentTerms {
  readonly id?: string;
  readonly subject: string;
  readonly recipient?: string;
  readonly purpose?: string;
}

/** An R4 PCF consent: permits treatment with what is labelled normal or below, to one recipient or to all. */
export function treatmentConsent({
  id = randomUUID(),
  subject,
  recipient,
  purpose = 'TREAT',
}: ConsentTerms): Record<string, unknown> {
  return {
    resourceType: 'Consent',
    id,
    status: 'active',
    scope: concept('consentscope', 'patient-privacy'),
    category: [{ coding: [{ system: 'http://loinc.org', code: '59284-0' }] }],
    patient: { reference: `Patient/${subject}` },
    policyRule: concept('v3-ActCode', 'OPTIN'),
    provision: {
      type: 'permit',
      ...(recipient === undefined
        ? {}
        : {
            actor: [{ role: concept('v3-ParticipationType', 'IRCP'), reference: { reference: recipient } }],
          }),
      securityLabel: [{ system: `${HL7}/v3-Confidentiality`, code: 'N' }],
      purpose: [{ system: `${HL7}/v3-ActReason`, code: purpose }],
    },
  };
}

export const FORM = createHash('sha256').update('the signed form').digest('base64url');

export async function registerSubject(member: TestMember): Promise<string> {
  const token = await member.token('clerk', ['records-clerk']);
  return String((await member.call('POST', '/v1/subjects', { token, body: {} })).json['subject']);
}

export async function fileConsent(member: TestMember, resource: Record<string, unknown>): Promise<Answer> {
  const token = await member.token('clerk', ['consent-clerk']);
  return member.call('POST', '/v1/consents', {
    token,
    body: { resource, evidence: { kind: 'witnessed', form: FORM } },
  });
}

export async function withdraw(member: TestMember, consent: string, custodian?: TestMember): Promise<Answer> {
  const token = await member.token('clerk', ['consent-clerk', 'auditor']);
  const query = custodian === undefined ? '' : `?custodian=${custodian.reference}`;
  return member.call('POST', `/v1/consents/${consent}/withdrawal${query}`, { token, body: {} });
}

export interface RecordOptions {
  readonly id?: string;
  readonly subject: string;
  readonly content?: Buffer;
  readonly mediaType?: string;
  readonly facts?: Record<string, unknown>;
  readonly reason?: string;
}

export async function putRecord(
  member: TestMember,
  options: RecordOptions,
): Promise<Answer & { readonly id: string }> {
  const {
    id = randomUUID(),
    subject,
    content = Buffer.from('a finding'),
    mediaType = 'text/plain',
  } = options;
  const { facts = { labels: [] }, reason } = options;
  const token = await member.token('clerk', ['records-clerk']);
  const query = new URLSearchParams({ subject, ...(reason === undefined ? {} : { reason }) });
  const answer = await member.call('PUT', `/v1/records/${id}?${query.toString()}`, {
    token,
    headers: {
      'content-type': mediaType,
      'consent-ledger-descriptor': Buffer.from(JSON.stringify(facts)).toString('base64url'),
    },
    body: content,
  });
  return { ...answer, id };
}

export async function ask(
  member: TestMember,
  custodian: TestMember,
  records: readonly string[],
  purpose = 'TREAT',
): Promise<Answer> {
  const token = await member.token('doctor', ['practitioner']);
  const body = { custodian: custodian.reference, records, purpose: [purpose] };
  return member.call('POST', '/v1/access-requests', { token, body });
}

export async function events(
  member: TestMember,
  query: Record<string, string>,
): Promise<Record<string, unknown>[]> {
  const token = await member.token('auditor', ['auditor']);
  const answer = await member.call('GET', `/v1/access-events?${new URLSearchParams(query).toString()}`, {
    token,
  });
  return answer.json['events'] as Record<string, unknown>[];
}

function concept(system: string, code: string): { coding: { system: string; code: string }[] } {
  return { coding: [{ system: `${HL7}/${system}`, code }] };
}
