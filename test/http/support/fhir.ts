import { expect } from 'chai';
import type { Answer, CallOptions, TestMember } from './consortium.js';
import { FORM } from './people.js';

export type Json = Record<string, unknown>;

export const EVIDENCE = evidenceHeader({ kind: 'witnessed', form: FORM });

export function evidenceHeader(evidence: unknown): string {
  return Buffer.from(JSON.stringify(evidence)).toString('base64url');
}

export interface FhirClient {
  get(path: string, headers?: Record<string, string>): Promise<Answer>;
  post(path: string, body: object | string, headers?: Record<string, string>): Promise<Answer>;
  put(path: string, body: object, headers?: Record<string, string>): Promise<Answer>;
}

/** As an EHR calls: FHIR JSON, with a token of the member's issuer. */
export async function fhirClient(
  member: TestMember,
  release: 'r4' | 'r5' = 'r4',
  roles: readonly string[] = ['consent-clerk'],
): Promise<FhirClient> {
  const token = await member.token('clerk', roles);
  const call = (method: 'GET' | 'POST' | 'PUT', path: string, options: CallOptions): Promise<Answer> =>
    member.call(
      method,
      path.startsWith('https:') ? new URL(path).pathname + new URL(path).search : `/fhir/${release}${path}`,
      {
        token,
        ...options,
      },
    );
  const json = { 'content-type': 'application/fhir+json', 'consent-ledger-evidence': EVIDENCE };
  return {
    get: (path, headers = {}) => call('GET', path, { headers }),
    post: (path, body, headers = {}) =>
      call('POST', path, {
        headers: { ...json, ...headers },
        body: typeof body === 'string' ? body : JSON.stringify(body),
      }),
    put: (path, body, headers = {}) =>
      call('PUT', path, { headers: { ...json, ...headers }, body: JSON.stringify(body) }),
  };
}

interface Issue {
  readonly severity: string;
  readonly code: string;
  readonly details: { readonly coding?: readonly { readonly code: string }[]; readonly text: string };
  readonly expression?: readonly string[];
  readonly location?: readonly string[];
  readonly extension?: readonly { readonly extension: readonly Json[] }[];
}

/** The answer is an OperationOutcome of that status and problem; gives its issues. */
export function expectOutcome(answer: Answer, status: number, code: string, hint = ''): readonly Issue[] {
  const seen = `${hint} ${answer.status} ${answer.bytes.toString('utf8').slice(0, 500)}`;
  expect(answer.status, seen).to.equal(status);
  expect(answer.headers['content-type'], seen).to.match(/^application\/fhir\+json/);
  expect(answer.json['resourceType'], seen).to.equal('OperationOutcome');
  const issues = answer.json['issue'] as readonly Issue[];
  expect(issues[0]?.details.coding?.[0]?.code, seen).to.equal(code);
  return issues;
}

export interface Bundle {
  readonly type: string;
  readonly total: number;
  readonly link: readonly { readonly relation: string; readonly url: string }[];
  readonly entry?: readonly {
    readonly fullUrl: string;
    readonly resource: Json;
    readonly search?: Json;
    readonly response?: Json;
  }[];
}

export function bundleOf(answer: Answer): Bundle {
  expect(answer.status, answer.bytes.toString()).to.equal(200);
  expect(answer.json['resourceType']).to.equal('Bundle');
  return answer.json as unknown as Bundle;
}

export function linkOf(bundle: Bundle, relation: string): string | undefined {
  return bundle.link.find((link) => link.relation === relation)?.url;
}

export function idsOf(bundle: Bundle): string[] {
  return (bundle.entry ?? [])
    .filter(({ search }) => search?.['mode'] === 'match')
    .map(({ resource }) => String(resource['id']));
}
