import { expect } from 'chai';
import { randomUUID } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import type { Answer, TestMember } from './support/consortium.js';
import { ask, fileConsent, registerSubject, treatmentConsent } from './support/people.js';
import { expectProblem } from './support/problems.js';
import { PATIENCE_MS, sharedMembers, type Members } from './support/shared.js';

const require = createRequire(import.meta.url);
const ACT_CODE = 'http://terminology.hl7.org/CodeSystem/v3-ActCode';

interface Explained {
  readonly label: string;
  readonly origin: string;
  readonly reason: string;
  readonly rule?: string;
}

describe('labels on the way in, explained and changed', function () {
  this.timeout(PATIENCE_MS);
  let members: Members;
  let riverside: TestMember;
  let subject: string;

  before(async () => {
    members = await sharedMembers();
    riverside = members.riverside;
    subject = await registerSubject(riverside);
    await fileConsent(riverside, treatmentConsent({ subject }));
  });

  const clerk = async (method: 'GET' | 'POST' | 'PUT', path: string, body?: object): Promise<Answer> =>
    riverside.call(method, path, {
      token: await riverside.token('clerk', ['records-clerk']),
      ...(body === undefined ? {} : { body }),
      headers: { 'content-type': method === 'PUT' ? 'application/fhir+json' : 'application/json' },
    });
  const keep = async (resource: object, labels?: readonly string[]): Promise<string> => {
    const id = randomUUID();
    const answer = await riverside.call('PUT', `/v1/records/${id}?subject=${subject}`, {
      token: await riverside.token('clerk', ['records-clerk']),
      headers: {
        'content-type': 'application/fhir+json',
        ...(labels === undefined
          ? {}
          : { 'consent-ledger-descriptor': Buffer.from(JSON.stringify({ labels })).toString('base64url') }),
      },
      body: Buffer.from(JSON.stringify(resource)),
    });
    expect(answer.status, answer.bytes.toString()).to.equal(201);
    return id;
  };
  const example = (name: string): Record<string, unknown> =>
    JSON.parse(readFileSync(require.resolve(`hl7.fhir.r4.examples/${name}.json`), 'utf8')) as Record<
      string,
      unknown
    >;
  const explained = async (id: string) => {
    const answer = await clerk('GET', `/v1/records/${id}/descriptor`);
    expect(answer.status, answer.bytes.toString()).to.equal(200);
    return answer.json as { version: number; labels: Explained[]; overruled: Explained[] } & Record<
      string,
      unknown
    >;
  };

  it('withholds what a rule found, although whoever brought it called it normal, and says why', async () => {
    const id = await keep(example('ServiceRequest-physiotherapy'), ['N']);
    expectProblem(await ask(members.lakeside, riverside, [id]), 403, 'access-denied');
    const { labels, isCurrentTable } = await explained(id);
    expect(isCurrentTable).to.equal(true);
    expect(labels.map(({ label, origin }) => [label, origin])).to.deep.equal([
      ['N', 'stated'],
      ['GDIS', 'rule'],
      ['R', 'level'],
    ]);
    const rule = labels[1];
    expect(rule).to.deep.include({
      rule: 'genetic-diagnosis',
      coding: { system: 'http://hl7.org/fhir/sid/icd-10-cm', code: 'E84.0' },
    });
    expect(rule?.reason).to.match(/hereditary/);
  });

  it('lets staff decide otherwise, as a new version with a reason, and then it goes out', async () => {
    const resource = example('ServiceRequest-physiotherapy');
    const id = await keep(resource, ['N']);
    const relabelled = await clerk('POST', `/v1/records/${id}/labels`, {
      reason: 'carrier-known',
      labels: ['N'],
    });
    expect(relabelled.status, relabelled.bytes.toString()).to.equal(201);
    expect(relabelled.json).to.include({ version: 2 });
    const answer = await ask(members.lakeside, riverside, [id]);
    expect(answer.status, answer.bytes.toString()).to.equal(200);
    expect(JSON.parse(answer.bytes.toString())).to.deep.equal(resource);
    const { labels, overruled, reason, version } = await explained(id);
    expect({ version, reason }).to.deep.equal({ version: 2, reason: 'carrier-known' });
    expect(labels.map(({ label, origin }) => [label, origin])).to.deep.equal([['N', 'decided']]);
    expect(overruled.map((one) => one.rule)).to.deep.equal(['genetic-diagnosis']);
    const again = await clerk('POST', `/v1/records/${id}/labels`, { reason: 'again', labels: ['N'] });
    expect(again.status).to.equal(200);
    const byRules = await clerk('POST', `/v1/records/${id}/labels`, { reason: 'by-the-rules' });
    expect(byRules.status).to.equal(201);
    expect((byRules.json['facts'] as { labels: string[] }).labels).to.have.members(['N', 'GDIS', 'R']);
    expectProblem(await ask(members.lakeside, riverside, [id]), 403, 'access-denied');
  });

  it('lets nobody leave out what a record says of itself, or decide on a label that is none', async () => {
    const resource = {
      ...example('Observation-f202'),
      meta: { security: [{ system: ACT_CODE, code: 'TBOO' }] },
    };
    const id = await keep(resource);
    expectProblem(
      await clerk('POST', `/v1/records/${id}/labels`, { reason: 'open', labels: ['N'] }),
      422,
      'record-facts-refused',
    );
    expectProblem(
      await clerk('POST', `/v1/records/${id}/labels`, { reason: 'open', labels: ['TBOO', 'SECRET'] }),
      422,
      'record-facts-refused',
    );
    expectProblem(
      await clerk('POST', `/v1/records/${id}/labels`, { labels: ['TBOO'] }),
      400,
      'body-malformed',
    );
    expect((await explained(id)).version).to.equal(1);
  });

  it('is for those who keep records: nobody else is told, or may change them', async () => {
    const id = await keep(example('Observation-f202'), ['N']);
    const doctor = await riverside.token('doctor', ['practitioner']);
    expectProblem(
      await riverside.call('GET', `/v1/records/${id}/descriptor`, { token: doctor }),
      403,
      'role-missing',
    );
    expectProblem(
      await riverside.call('POST', `/v1/records/${id}/labels`, { token: doctor, body: { reason: 'x' } }),
      403,
      'role-missing',
    );
    expectProblem(await clerk('GET', `/v1/records/${randomUUID()}/descriptor`), 404, 'not-found');
    expectProblem(
      await clerk('POST', `/v1/records/${randomUUID()}/labels`, { reason: 'x' }),
      404,
      'not-found',
    );
  });
});
