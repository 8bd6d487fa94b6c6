import { expect } from 'chai';
import { request } from 'node:https';
import { readFileSync } from 'node:fs';
import type { CallOptions, TestMember } from './support/consortium.js';
import { FORM, treatmentConsent } from './support/people.js';
import { expectProblem } from './support/problems.js';
import { PATIENCE_MS, sharedMembers, type Members } from './support/shared.js';

const DEEP = '['.repeat(200_000);
const evidence = { kind: 'witnessed', form: FORM };

describe('bad input gets a problem of its own, and nothing is stored', function () {
  this.timeout(PATIENCE_MS);
  let members: Members;
  let riverside: TestMember;
  let token: string;
  let height: number;

  before(async () => {
    members = await sharedMembers();
    riverside = members.riverside;
    token = await riverside.token('everybody', [
      'records-clerk',
      'privacy-officer',
      'consent-clerk',
      'practitioner',
      'auditor',
      'admin',
    ]);
  });

  const ledgerHeight = async (): Promise<number> =>
    Number((await riverside.call('GET', '/v1/ledger', { token })).json['height']);

  beforeEach(async () => {
    height = await ledgerHeight();
  });

  afterEach('no block came of it', async () => {
    await new Promise((resolve) => setTimeout(resolve, 300));
    expect(await ledgerHeight()).to.equal(height);
  });

  const json = (body: string | object, headers: Record<string, string> = {}): CallOptions => ({
    token,
    headers: { 'content-type': 'application/json', ...headers },
    body: typeof body === 'string' ? body : JSON.stringify(body),
  });

  const jsonRoutes = [
    '/v1/subjects',
    '/v1/consents',
    '/v1/consents/some-id/withdrawal',
    '/v1/statements',
    '/v1/subjects/some-id/keys',
    `/v1/subjects/some-id/keys/${'A'.repeat(43)}/loss`,
    '/v1/subjects/some-id/delegations',
    '/v1/subjects/some-id/delegations/d-1/end',
    '/v1/access-requests',
    '/v1/releases',
    `/v1/releases/${'a'.repeat(22)}/receipt`,
  ];
  for (const path of jsonRoutes) {
    it(`POST ${path}: what is no JSON, too much of it, or too deep`, async () => {
      const bad: [string, CallOptions, number, string][] = [
        ['no type', { token, body: '{}' }, 415, 'media-type-unsupported'],
        ['text', json('{}', { 'content-type': 'text/plain' }), 415, 'media-type-unsupported'],
        ['encoded', json('{}', { 'content-encoding': 'gzip' }), 415, 'media-type-unsupported'],
        ['nothing', json(''), 400, 'body-malformed'],
        ['cut short', json('{"records":['), 400, 'body-malformed'],
        ['not UTF-8', { ...json('{}'), body: Buffer.from('7b22ff223a317d', 'hex') }, 400, 'body-malformed'],
        ['a list', json('[]'), 400, 'body-malformed'],
        ['null', json('null'), 400, 'body-malformed'],
        ['a number', json('1e999'), 400, 'body-malformed'],
        ['nested without end', json(DEEP), 400, 'body-malformed'],
        ['a prototype', json('{"__proto__":{"admin":true}}'), 400, 'body-malformed'],
        ['unknown names', json('{"zzz":1}'), 400, 'body-malformed'],
        ['too large', json(`{"zzz":"${'x'.repeat(300 * 1024)}"}`), 413, 'body-too-large'],
      ];
      for (const [name, options, status, code] of bad) {
        expectProblem(await riverside.call('POST', path, options), status, code, `${path} ${name}`);
      }
    });
  }

  it('POST /v1/consents: fields that are missing, wrongly typed or hostile', async () => {
    const resource = treatmentConsent({ subject: 'nobody' });
    const bodies: [object, number, string][] = [
      [{}, 400, 'body-malformed'],
      [{ resource }, 400, 'body-malformed'],
      [{ evidence }, 400, 'body-malformed'],
      [{ resource: 'text', evidence }, 400, 'body-malformed'],
      [{ resource, evidence: { kind: 'signed', form: FORM } }, 400, 'body-malformed'],
      [{ resource, evidence: { ...evidence, form: 'short' } }, 400, 'body-malformed'],
      [{ resource, evidence: { ...evidence, by: 'me' } }, 400, 'body-malformed'],
      [{ resource: {}, evidence }, 422, 'consent-refused'],
      [{ resource: { ...resource, resourceType: 'Patient' }, evidence }, 422, 'consent-refused'],
      [{ resource: { ...resource, id: '../../etc/passwd' }, evidence }, 422, 'consent-refused'],
      [
        { resource: { ...resource, modifierExtension: [{ url: 'urn:x' }] }, evidence },
        422,
        'consent-refused',
      ],
      [
        { resource: { ...resource, patient: { reference: 'https://evil.example/Patient/1' } }, evidence },
        422,
        'consent-refused',
      ],
      [{ resource, evidence }, 404, 'subject-unknown'],
    ];
    for (const [body, status, code] of bodies) {
      expectProblem(
        await riverside.call('POST', '/v1/consents', json(body)),
        status,
        code,
        JSON.stringify(body),
      );
    }
  });

  it('says by FHIRPath what it does not understand of a consent, with both readings where there are two', async () => {
    const resource = treatmentConsent({ subject: 'nobody' });
    const ambiguous = { ...resource, provision: { ...(resource['provision'] as object), type: undefined } };
    const answer = await riverside.call('POST', '/v1/consents', json({ resource: ambiguous, evidence }));
    expectProblem(answer, 422, 'consent-refused');
    const errors = answer.json['errors'] as { path: string; message: string; readings?: string[] }[];
    expect(errors.some(({ path }) => path.startsWith('Consent.'))).to.equal(true);
    expect(errors.some(({ readings }) => readings?.length === 2)).to.equal(true);
  });

  it('POST /v1/consents: what names a thing twice, of which one would be dropped', async () => {
    const text = JSON.stringify({ resource: treatmentConsent({ subject: 'nobody' }), evidence });
    const twice = text.replace('"provision":', '"provision":{"type":"deny"},"provision":');
    expect(twice).not.to.equal(text);
    expectProblem(await riverside.call('POST', '/v1/consents', json(twice)), 400, 'body-malformed');
  });

  it('POST /v1/access-requests: fields that are missing, wrongly typed or hostile', async () => {
    const good = { custodian: 'Organization/lakeside', records: ['r1'], purpose: ['TREAT'] };
    const bodies: [object, number, string][] = [
      [{ ...good, custodian: undefined }, 400, 'body-malformed'],
      [{ ...good, custodian: 'lakeside' }, 400, 'body-malformed'],
      [{ ...good, custodian: 'Organization/nobody' }, 404, 'custodian-unknown'],
      [{ ...good, custodian: 'Organization/sentinel' }, 404, 'custodian-unknown'],
      [{ ...good, records: [] }, 400, 'body-malformed'],
      [{ ...good, records: 'r1' }, 400, 'body-malformed'],
      [{ ...good, records: ['r1', 'r1'] }, 400, 'body-malformed'],
      [{ ...good, records: Array.from({ length: 51 }, (_, index) => `r${index}`) }, 400, 'body-malformed'],
      [{ ...good, records: ['a'.repeat(65)] }, 400, 'body-malformed'],
      [{ ...good, records: ["r1' OR 1=1 --"] }, 400, 'body-malformed'],
      [{ ...good, records: [null] }, 400, 'body-malformed'],
      [{ ...good, purpose: [] }, 400, 'body-malformed'],
      [{ ...good, purpose: ['NO-SUCH-PURPOSE'] }, 400, 'body-malformed'],
      [{ ...good, purpose: [{}] }, 400, 'body-malformed'],
      [{ ...good, emergency: 'yes' }, 400, 'body-malformed'],
      [{ ...good, emergency: { reason: 'he fell off\na ladder' } }, 400, 'body-malformed'],
      [{ ...good, roles: ['admin'] }, 400, 'body-malformed'],
      [{ ...good, references: ['Practitioner/1'] }, 400, 'body-malformed'],
    ];
    for (const [body, status, code] of bodies) {
      expectProblem(
        await riverside.call('POST', '/v1/access-requests', json(body)),
        status,
        code,
        JSON.stringify(body),
      );
    }
  });

  it('paths and queries that are no ids, no known parameters, or too much', async () => {
    const calls: ['GET' | 'POST' | 'PUT', string, number, string][] = [
      ['GET', '/v1/consents/%2e%2e%2fsecret', 400, 'parameter-malformed'],
      ['GET', '/v1/consents/%ff', 400, 'parameter-malformed'],
      ['GET', `/v1/consents/${'a'.repeat(65)}`, 400, 'parameter-malformed'],
      ['GET', '/v1/consents/unknown', 404, 'consent-unknown'],
      ['GET', '/v1/consents/unknown?custodian=Organization/nobody', 404, 'custodian-unknown'],
      ['GET', '/v1/consents/unknown?custodian=Organization/lakeside', 404, 'custodian-unknown'],
      ['GET', '/v1/consents/unknown?zzz=1', 400, 'parameter-malformed'],
      ['GET', '/v1/records/some-id', 400, 'parameter-malformed'],
      ['GET', '/v1/records/some-id?purpose=', 400, 'parameter-malformed'],
      ['GET', '/v1/records/some-id?purpose=NO-SUCH-PURPOSE', 400, 'parameter-malformed'],
      ['GET', '/v1/records/some-id?purpose[$ne]=x', 400, 'parameter-malformed'],
      ['PUT', '/v1/records/some-id', 400, 'parameter-malformed'],
      ['PUT', '/v1/records/..?subject=s', 404, 'route-unknown'],
      ['GET', '/v1/access-events?limit=0', 400, 'parameter-malformed'],
      ['GET', '/v1/access-events?limit=201', 400, 'parameter-malformed'],
      ['GET', '/v1/access-events?limit=ten', 400, 'parameter-malformed'],
      ['GET', '/v1/access-events?outcome=maybe', 400, 'parameter-malformed'],
      ['GET', "/v1/access-events?after=' OR 1=1", 400, 'parameter-malformed'],
      ['GET', '/v1/access-events?subject=a&subject=b', 400, 'parameter-malformed'],
      ['GET', '/v1/access-events?custodian=Organization/lakeside', 404, 'custodian-unknown'],
      ['GET', '/v1/nothing', 404, 'route-unknown'],
      ['GET', '/V1/LEDGER', 404, 'route-unknown'],
      ['GET', '/v1/ledger/', 404, 'route-unknown'],
      ['GET', '/', 404, 'route-unknown'],
      ['PUT', '/v1/ledger', 405, 'method-not-allowed'],
      ['GET', '/v1/subjects', 405, 'method-not-allowed'],
    ];
    for (const [method, path, status, code] of calls) {
      expectProblem(await riverside.call(method, path, { token }), status, code, `${method} ${path}`);
    }
    expect((await riverside.call('GET', '/v1/subjects', { token })).headers['allow']).to.equal('POST');
  });

  it('PUT /v1/records: what cannot be kept is refused before it is read to its end', async () => {
    const put = (query: string, headers: Record<string, string>, body: Buffer | string = 'x') =>
      riverside.call('PUT', `/v1/records/some-id?${query}`, { token, headers, body });
    const plain = { 'content-type': 'text/plain' };
    const header = (value: unknown): Record<string, string> => ({
      ...plain,
      'consent-ledger-descriptor': Buffer.from(JSON.stringify(value)).toString('base64url'),
    });
    const cases: [string, Record<string, string>, number, string, (Buffer | string)?][] = [
      ['subject=nobody', plain, 404, 'subject-unknown'],
      ['subject=nobody', {}, 400, 'parameter-malformed'],
      ['subject=nobody', { 'content-type': 'nonsense' }, 400, 'parameter-malformed'],
      ['subject=nobody', { ...plain, 'content-encoding': 'gzip' }, 415, 'media-type-unsupported'],
      ['subject=nobody', { ...plain, 'consent-ledger-descriptor': '%%%' }, 400, 'parameter-malformed'],
      ['subject=nobody', header([]), 400, 'parameter-malformed'],
      ['subject=nobody', header({ subject: 'somebody-else' }), 400, 'parameter-malformed'],
      ['subject=nobody', header({ labels: 'N' }), 400, 'parameter-malformed'],
      ['subject=nobody', header({ labels: ['NO-SUCH-LABEL'] }), 422, 'record-facts-refused'],
      ['subject=nobody', header({ authored: '2024-13-45' }), 422, 'record-facts-refused'],
      ['subject=nobody', { 'content-type': 'application/fhir+json' }, 400, 'body-malformed', 'no json'],
      ['subject=nobody', { 'content-type': 'application/fhir+json' }, 400, 'body-malformed', '{"a":1}'],
      ['subject=nobody', { 'content-type': 'application/fhir+json' }, 400, 'body-malformed', DEEP],
      ['subject=', plain, 400, 'parameter-malformed'],
      ['subject=nobody&reason=because of him', plain, 400, 'parameter-malformed'],
    ];
    for (const [query, headers, status, code, body] of cases) {
      expectProblem(await put(query, headers, body), status, code, `${query} ${JSON.stringify(headers)}`);
    }
    const large = Buffer.alloc(8 * 1024 * 1024);
    expectProblem(
      await put('subject=nobody', { 'content-type': 'application/fhir+json' }, large),
      400,
      'parameter-malformed',
    );
  });

  it('a body that is announced as endless is refused at once', async () => {
    const status = await announce(riverside, token, '/v1/subjects', 10 * 1024 ** 3);
    expect(status).to.equal(413);
    expect(
      await announce(riverside, token, '/v1/records/some-id?subject=nobody', 10 * 1024 ** 3, 'PUT'),
    ).to.equal(413);
  });

  it('members without records have no routes for them', async () => {
    for (const member of [members.novacure, members.sentinel]) {
      const theirs = await member.token('everybody', ['records-clerk', 'consent-clerk', 'practitioner']);
      for (const [method, path] of [
        ['POST', '/v1/subjects'],
        ['PUT', '/v1/records/x?subject=y'],
        ['GET', '/v1/records/x?purpose=TREAT'],
        ['POST', '/v1/releases'],
      ] as const) {
        expectProblem(
          await member.call(method, path, { token: theirs, body: {} }),
          404,
          'route-unknown',
          path,
        );
      }
    }
  });
});

/** Sends headers that announce so many bytes, and none of them. */
function announce(
  member: TestMember,
  token: string,
  path: string,
  bytes: number,
  method = 'POST',
): Promise<number> {
  const own = member.configuration.members.find(({ mspId }) => mspId === member.mspId);
  return new Promise((resolve, reject) => {
    const sent = request(
      new URL(path, member.url),
      {
        method,
        ca: own === undefined ? [] : readFileSync(own.tlsCa),
        headers: {
          authorization: `Bearer ${token}`,
          'content-type': 'application/json',
          'content-length': bytes,
        },
      },
      (response) => {
        response.resume();
        resolve(response.statusCode ?? 0);
        sent.destroy();
      },
    );
    sent.on('error', reject);
    sent.flushHeaders();
  });
}
