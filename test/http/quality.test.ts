import { recordQuality, subjectQuality } from '@consent-ledger/chaincode/wire/http';
import { expect } from 'chai';
import { randomUUID } from 'node:crypto';
import type { Answer, TestMember } from './support/consortium.js';
import { registerSubject } from './support/people.js';
import { expectProblem } from './support/problems.js';
import { PATIENCE_MS, sharedMembers } from './support/shared.js';

type Resource = Record<string, unknown>;

describe('what does not fit in records that come in', function () {
  this.timeout(PATIENCE_MS);
  let riverside: TestMember;
  let subject: string;

  before(async () => {
    ({ riverside } = await sharedMembers());
    subject = await registerSubject(riverside);
  });

  const clerk = async (method: 'GET' | 'POST' | 'PUT', path: string, body?: object): Promise<Answer> =>
    riverside.call(method, path, {
      token: await riverside.token('clerk', ['records-clerk']),
      ...(body === undefined ? {} : { body: Buffer.from(JSON.stringify(body)) }),
      headers: { 'content-type': 'application/fhir+json' },
    });
  const keep = async (resource: Resource, of = subject): Promise<{ id: string; quality: unknown }> => {
    const id = randomUUID();
    const answer = await clerk('PUT', `/v1/records/${id}?subject=${of}`, resource);
    expect(answer.status, answer.bytes.toString()).to.equal(201);
    return { id, quality: answer.json['quality'] };
  };
  const reportOn = async (id: string): Promise<string[]> => {
    const answer = await clerk('GET', `/v1/records/${id}/quality`);
    expect(answer.status, answer.bytes.toString()).to.equal(200);
    return recordQuality.parse(answer.json).findings.map(({ rule, path }) => `${rule} ${path}`);
  };
  const observation = (more: Resource = {}): Resource => ({
    resourceType: 'Observation',
    status: 'final',
    code: { coding: [{ system: 'http://loinc.org', code: '29463-7' }] },
    subject: { reference: 'Patient/chalmers' },
    effectiveDateTime: '2020-03-01',
    valueQuantity: { value: 70, system: 'http://unitsofmeasure.org', code: 'kg' },
    ...more,
  });

  it('takes a record with findings in, says how many, and reports them with path and action', async () => {
    const { id, quality } = await keep(
      observation({ valueQuantity: { value: 70, unit: 'stone' }, status: 'done' }),
    );
    expect(quality).to.deep.equal({ errors: 2, warnings: 0, notes: 0 });
    expect(await reportOn(id)).to.have.members([
      'observation-status Observation.status',
      'unit-of-code Observation.valueQuantity.code',
    ]);
    const text = (await clerk('GET', `/v1/records/${id}/quality`)).bytes.toString();
    expect(text).not.to.match(/stone|done/);
  });

  it('compares a record with whom it is registered for, and with what is kept already', async () => {
    const of = await registerSubject(riverside);
    await keep(
      {
        resourceType: 'Patient',
        id: 'chalmers',
        name: [{ family: 'Chalmers', given: ['Peter'] }],
        birthDate: '1974-12-25',
        deceasedDateTime: '2020-02-01',
      },
      of,
    );
    const { id: late } = await keep(observation(), of);
    const { id: copy } = await keep(observation({ id: 'copy', meta: { versionId: '2' } }), of);
    const { id: stranger } = await keep(
      observation({ subject: { reference: 'Patient/other' }, effectiveDateTime: '1970' }),
      of,
    );
    expect(await reportOn(late)).to.have.members([
      'after-death Observation.effectiveDateTime',
      'kept-twice Observation',
    ]);
    expect(await reportOn(copy)).to.include('kept-twice Observation');
    expect(await reportOn(stranger)).to.have.members([
      'before-birth Observation.effectiveDateTime',
      'other-subject Observation.subject.reference',
    ]);
    const pages = [];
    for (let after = ''; ;) {
      const answer = await clerk('GET', `/v1/subjects/${of}/quality?limit=3${after}`);
      const page = subjectQuality.parse(answer.json);
      pages.push(page.records);
      expect(page.compared).to.equal(4);
      if (page.next === undefined) break;
      after = `&after=${page.next}`;
    }
    expect(pages.map((page) => page.length)).to.deep.equal([3, 1]);
    expect(pages.flat().map(({ findings }) => findings.length)).to.deep.equal([2, 2, 2, 0]);
  });

  it('counts for each resource of a bundle, knowing the Patient that came with it', async () => {
    const of = await registerSubject(riverside);
    const resources = [
      { resourceType: 'Patient', id: 'p', name: [{ family: 'Levin' }], birthDate: '1932-09-24' },
      observation({ id: 'o', subject: { reference: 'Patient/p' }, effectiveDateTime: '1932-09-23' }),
    ];
    const bundle = {
      resourceType: 'Bundle',
      type: 'collection',
      entry: resources.map((resource) => ({ resource })),
    };
    const answer = await clerk(
      'POST',
      `/v1/bundles?subject=${of}&prefix=${randomUUID().slice(0, 8)}`,
      bundle,
    );
    expect(answer.status, answer.bytes.toString()).to.equal(201);
    const entries = answer.json['entries'] as { quality: unknown }[];
    expect(entries.map(({ quality }) => quality)).to.deep.equal([
      { errors: 0, warnings: 0, notes: 0 },
      { errors: 1, warnings: 0, notes: 0 },
    ]);
  });

  it('says of what it cannot read that it was not read', async () => {
    const id = randomUUID();
    const answer = await riverside.call('PUT', `/v1/records/${id}?subject=${subject}`, {
      token: await riverside.token('clerk', ['records-clerk']),
      headers: { 'content-type': 'application/pdf' },
      body: Buffer.from('no resource'),
    });
    expect(answer.json).not.to.have.property('quality');
    const report = recordQuality.parse((await clerk('GET', `/v1/records/${id}/quality`)).json);
    expect(report).to.deep.include({ isRead: false, findings: [] });
  });

  it('is for those who keep records and the privacy officer', async () => {
    const { id } = await keep(observation());
    for (const path of [`/v1/records/${id}/quality`, `/v1/subjects/${subject}/quality`]) {
      for (const role of ['practitioner', 'consent-clerk', 'auditor']) {
        const answer = await riverside.call('GET', path, { token: await riverside.token('x', [role]) });
        expectProblem(answer, 403, 'role-missing');
      }
      const officer = await riverside.token('officer', ['privacy-officer']);
      expect((await riverside.call('GET', path, { token: officer })).status).to.equal(200);
    }
    expectProblem(await clerk('GET', `/v1/records/${randomUUID()}/quality`), 404, 'not-found');
    expectProblem(await clerk('GET', `/v1/subjects/${randomUUID()}/quality`), 404, 'subject-unknown');
  });
});
