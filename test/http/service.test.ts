import { expect } from 'chai';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { OPERATIONS, type Operation } from '@consent-ledger/chaincode/wire/http';
import { ask, fileConsent, putRecord, registerSubject, treatmentConsent } from './support/people.js';
import { everyone, PATIENCE_MS, sharedMembers, type Members } from './support/shared.js';

interface OpenApi {
  readonly openapi: string;
  readonly paths: Readonly<
    Record<string, Readonly<Record<string, { readonly operationId: string; readonly security?: unknown[] }>>>
  >;
}

describe('a gateway tells what it is, and nothing about anybody', function () {
  this.timeout(PATIENCE_MS);
  let members: Members;

  before(async () => {
    members = await sharedMembers();
  });

  it('is alive, and ready', async () => {
    for (const member of everyone(members)) {
      expect((await member.call('GET', '/healthz')).json).to.deep.equal({ status: 'ok' });
      const ready = await member.call('GET', '/readyz');
      expect(ready.status, ready.bytes.toString()).to.equal(200);
    }
  });

  it('describes exactly the operations that it serves', async () => {
    const { riverside, novacure } = members;
    const described = async (member: typeof riverside): Promise<string[]> => {
      const { json } = await member.call('GET', '/openapi.json');
      const document = json as unknown as OpenApi;
      expect(document.openapi).to.equal('3.1.0');
      return Object.values(document.paths).flatMap((path) =>
        Object.values(path).map(({ operationId }) => operationId),
      );
    };
    const operations = Object.entries(OPERATIONS) as [string, Operation][];
    const here = operations.filter(([, { at }]) => at !== 'sponsor').map(([name]) => name);
    expect((await described(riverside)).sort()).to.deep.equal(here.sort());
    expect(await described(novacure))
      .to.include('requestAccess')
      .and.not.include('putRecord');
    const { json } = await riverside.call('GET', '/openapi.json');
    const { paths } = json as unknown as OpenApi;
    for (const [name, { path, method, caller, at }] of operations) {
      if (at === 'sponsor') continue;
      expect(paths[path]?.[method]?.security !== undefined, name).to.equal(typeof caller !== 'string');
    }
  });

  it('serves its documentation itself, and the page can load nothing from elsewhere', async () => {
    const { riverside } = members;
    const page = await riverside.call('GET', '/docs');
    expect(page.status).to.equal(200);
    expect(page.headers['content-security-policy']).to.include("default-src 'none'");
    expect(page.bytes.toString()).not.to.match(/https?:\/\//);
    for (const asset of page.bytes.toString().matchAll(/(?:src|href)="([^"]+)"/g)) {
      const answer = await riverside.call('GET', asset[1] ?? '');
      expect(answer.status, asset[1]).to.equal(200);
    }
    const folder = dirname(createRequire(import.meta.url).resolve('swagger-ui-dist/package.json'));
    const bundle = await riverside.call('GET', '/docs/swagger-ui-bundle.js');
    expect(bundle.bytes.equals(readFileSync(join(folder, 'swagger-ui-bundle.js')))).to.equal(true);
    for (const path of ['/docs/../package.json', '/docs/%2e%2e/package.json', '/docs/package.json']) {
      expect((await riverside.call('GET', path)).status, path).to.equal(404);
    }
  });

  it('sets the headers that keep a browser from doing harm', async () => {
    const { headers } = await members.riverside.call('GET', '/healthz');
    expect(headers['x-powered-by']).to.equal(undefined);
    expect(headers['x-content-type-options']).to.equal('nosniff');
    expect(headers['strict-transport-security']).to.match(/max-age=\d+/);
    expect(headers['content-security-policy']).to.include("default-src 'none'");
    expect(headers['x-frame-options']).to.equal('DENY');
    expect(headers['x-request-id']).to.match(/^[0-9a-f-]{36}$/);
  });

  it('answers whole, whatever a cache would like', async () => {
    for (const path of ['/healthz', '/readyz', '/metrics', '/fhir/r4/metadata']) {
      const answer = await members.riverside.call('GET', path, { headers: { 'if-none-match': '*' } });
      expect(answer.status, path).to.equal(200);
    }
  });

  it('takes no request id from outside', async () => {
    const headers = { 'x-request-id': 'chosen-by-a-stranger' };
    const answer = await members.riverside.call('GET', '/healthz', { headers });
    expect(answer.headers['x-request-id']).not.to.equal('chosen-by-a-stranger');
  });

  it('lists the members as the ledger has them', async () => {
    const { sentinel } = members;
    const token = await sentinel.token('admin', ['admin']);
    const listed = (await sentinel.call('GET', '/v1/members', { token })).json['members'] as {
      member: string;
      keys: unknown[];
    }[];
    expect(listed.map(({ member }) => member).sort()).to.deep.equal(
      everyone(members)
        .map(({ reference }) => reference)
        .sort(),
    );
    for (const { keys } of listed) expect(keys).to.have.length(2);
    expect(JSON.stringify(listed)).not.to.include('"d"');
  });

  it('writes nobody, no record, label, purpose or outcome into logs and metrics', async () => {
    const { riverside, lakeside, sentinel } = members;
    const subject = await registerSubject(riverside);
    const { id } = await putRecord(riverside, { subject, facts: { labels: ['R', 'HIV'] } });
    const consent = treatmentConsent({ subject, recipient: lakeside.reference });
    await fileConsent(riverside, consent);
    await ask(lakeside, riverside, [id, 'absent-record-77']);
    await riverside.call('GET', `/v1/records/${id}?purpose=TREAT`, { token: 'secret-token-value' });
    const secrets = [
      subject,
      id,
      String(consent['id']),
      'absent-record-77',
      'HIV',
      'TREAT',
      'secret-token-value',
      'doctor',
    ];
    for (const member of [riverside, lakeside, sentinel]) {
      const metrics = (await member.call('GET', '/metrics')).bytes.toString();
      expect(metrics).to.include('consent_ledger_http_request_seconds');
      const said = [metrics, ...member.process.lines].join('\n');
      for (const secret of secrets)
        expect(said.includes(secret), `${member.name}: ${secret}`).to.equal(false);
      for (const line of member.process.lines) expect(() => JSON.parse(line) as unknown, line).not.to.throw();
    }
  });
});
