import {
  amendmentDocument,
  amendmentPage,
  amendmentRecipients,
  type AmendmentDocument,
} from '@consent-ledger/chaincode/wire/http';
import { expect } from 'chai';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { amendmentStep, askForAmendment, DENIAL } from './support/amendments.js';
import type { Answer, TestMember } from './support/consortium.js';
import { ask, fileConsent, putRecord, registerSubject, treatmentConsent } from './support/people.js';
import { expectProblem } from './support/problems.js';
import { PATIENCE_MS, sharedMembers, type Members } from './support/shared.js';

const WORDS = 'The arm that was broken is the left one, says Zebulon Quill';

describe('requests to amend records, over the gateways', function () {
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

  const by = async (role: string, method: 'GET' | 'POST', path: string, body?: object): Promise<Answer> =>
    riverside.call(method, path, {
      token: await riverside.token(`a-${role}`, [role]),
      ...(body === undefined ? {} : { body }),
    });
  const shown = async (id: string, role = 'privacy-officer'): Promise<AmendmentDocument> =>
    amendmentDocument.parse((await by(role, 'GET', `/v1/amendments/${id}`)).json);
  const kept = async (): Promise<string> =>
    (await putRecord(riverside, { subject, facts: { labels: ['N'] } })).id;

  it('is accepted with a new version, and lists who had the earlier one until they are told', async () => {
    const record = await kept();
    const sent = await ask(members.lakeside, riverside, [record]);
    expect(sent.status).to.equal(200);
    const finding = { rule: 'other-subject', path: 'Observation.subject.reference' };
    const body = { subject, record, requestedBy: 'custodian', finding, text: WORDS };
    const id = await askForAmendment(riverside, body);
    const asked = await shown(id);
    expect(asked).to.deep.include({
      record,
      version: 1,
      finding,
      isOverdue: false,
      requestedBy: 'custodian',
    });
    expect(asked.request.text).to.equal(WORDS);
    expect(Date.parse(asked.dueAt) - Date.parse(asked.request.at)).to.equal(60 * 86_400_000);

    const early = await by('privacy-officer', 'POST', `/v1/amendments/${id}/answer`, {
      outcome: 'accepted',
      version: 2,
    });
    expectProblem(early, 409, 'amendment-not-made');
    await putRecord(riverside, {
      id: record,
      subject,
      content: Buffer.from('amended'),
      facts: { labels: ['N'] },
      reason: 'amended',
    });
    await amendmentStep(riverside, id, 'answer', { outcome: 'accepted', version: 2 });
    await ask(members.lakeside, riverside, [record]);

    const path = `/v1/amendments/${id}/recipients`;
    const recipients = async () =>
      amendmentRecipients.parse((await by('privacy-officer', 'GET', path)).json).recipients;
    const event = String(sent.headers['consent-ledger-event']);
    const [only, ...others] = await recipients();
    expect(others).to.deep.equal([]);
    expect(only).to.deep.include({ event, member: members.lakeside.reference, version: 1 });
    expect(only).not.to.have.property('told');
    await amendmentStep(riverside, id, 'told', { events: [event] });
    const told = (await recipients())[0]?.told;
    expect(told).to.be.a('string');
    await amendmentStep(riverside, id, 'told', { events: [event] });
    expect((await recipients())[0]?.told).to.equal(told);
    const again = await ask(members.lakeside, riverside, [record]);
    expect(again.headers).not.to.have.property('consent-ledger-amendments');
  });

  it('is denied, disputed and rebutted, and goes with what is disclosed from then on', async () => {
    const record = await kept();
    const id = await askForAmendment(riverside, { subject, record, text: WORDS });
    await amendmentStep(riverside, id, 'extension', { text: 'The source is away' });
    await amendmentStep(riverside, id, 'answer', DENIAL);
    const silent = await ask(members.lakeside, riverside, [record]);
    expect(silent.headers, 'nobody asked for it to go along').not.to.have.property(
      'consent-ledger-amendments',
    );
    await amendmentStep(riverside, id, 'disagreement', {});
    const flagged = await ask(members.lakeside, riverside, [record]);
    expect(flagged.headers['consent-ledger-amendments']).to.equal(`${id};denied`);
    await amendmentStep(riverside, id, 'disagreement', { text: 'I was there' });
    await amendmentStep(riverside, id, 'rebuttal', { text: 'So was the camera' });

    const own = await by('practitioner', 'GET', `/v1/records/${record}?purpose=TREAT`);
    expect(own.headers['consent-ledger-amendments']).to.equal(`${id};disputed`);
    const both = await ask(members.lakeside, riverside, [record, await kept()]);
    expect(both.bytes.toString()).to.include(`"amendments":[{"amendment":"${id}","isDisputed":true}]`);
    const done = await shown(id);
    expect([done.answer?.text, done.disagreement?.text, done.rebuttal?.text]).to.deep.equal([
      DENIAL.text,
      'I was there',
      'So was the camera',
    ]);
    expect(Date.parse(done.dueAt) - Date.parse(done.request.at)).to.equal(90 * 86_400_000);
    const twice = await by('privacy-officer', 'POST', `/v1/amendments/${id}/answer`, DENIAL);
    expectProblem(twice, 409, 'amendment-out-of-turn');
  });

  it('tells the subject of each step, and its words to nobody but the custodian’s own staff', async () => {
    const of = await registerSubject(riverside);
    const { id: record } = await putRecord(riverside, { subject: of });
    const id = await askForAmendment(riverside, { subject: of, record, text: WORDS });
    await amendmentStep(riverside, id, 'answer', DENIAL);
    const list = await by('consent-clerk', 'GET', `/v1/subjects/${of}/notifications`);
    const told = (list.json['notifications'] as { kind: string; about: string }[])
      .filter(({ about }) => about === id)
      .map(({ kind }) => kind);
    expect(told).to.deep.equal(['amendment-denied', 'amendment-requested']);

    expect((await shown(id, 'auditor')).request).not.to.have.property('text');
    const { sentinel } = members;
    const overseen = await sentinel.call('GET', `/v1/amendments/${id}?custodian=${riverside.reference}`, {
      token: await sentinel.token('auditor', ['auditor']),
    });
    expect(amendmentDocument.parse(overseen.json).answer).to.include({ ground: DENIAL.ground });
    expect(overseen.bytes.toString()).not.to.include(DENIAL.text);
    for (const member of [riverside, sentinel]) {
      const { dataDirectory } = member.configuration;
      for (const name of readdirSync(dataDirectory).filter((one) => /\.db(-wal)?$/.test(one)))
        expect(
          readFileSync(join(dataDirectory, name)).includes('Zebulon Quill'),
          `${member.mspId} ${name}`,
        ).to.equal(false);
    }
  });

  it('lists what is open, page by page, for those who answer and oversee', async () => {
    const of = await registerSubject(riverside);
    const { id: record } = await putRecord(riverside, { subject: of });
    const ids = [];
    for (let count = 0; count < 3; count += 1)
      ids.push(await askForAmendment(riverside, { subject: of, record, text: WORDS }));
    await amendmentStep(riverside, String(ids[1]), 'answer', DENIAL);
    const found = async (query: string): Promise<string[]> => {
      const all: string[] = [];
      for (let after = ''; ;) {
        const answer = await by('auditor', 'GET', `/v1/amendments?subject=${of}&limit=1&${query}${after}`);
        const page = amendmentPage.parse(answer.json);
        all.push(...page.amendments.map(({ amendment }) => amendment));
        if (page.next === undefined) return all;
        after = `&after=${page.next}`;
      }
    };
    expect(await found('status=open')).to.deep.equal([ids[0], ids[2]]);
    expect(await found('status=answered')).to.deep.equal([ids[1]]);
    expect(await found(`status=all&record=${record}`)).to.deep.equal(ids);
    expect(await found('status=overdue')).to.deep.equal([]);
    const metrics = (await riverside.call('GET', '/metrics')).bytes.toString();
    expect(metrics).to.match(/^consent_ledger_amendments_open [2-9]/m);
    expect(metrics).to.match(/^consent_ledger_amendments_overdue 0/m);
  });

  it('goes with its subject when that is erased', async () => {
    const of = await registerSubject(riverside);
    const { id: record } = await putRecord(riverside, { subject: of });
    const id = await askForAmendment(riverside, { subject: of, record, text: WORDS });
    const token = await riverside.token('officer', ['privacy-officer']);
    const body = { ground: 'registered-in-error', reference: 'case-9' };
    const erased = await riverside.call('POST', `/v1/subjects/${of}/erasure`, { token, body });
    expect(erased.status, erased.bytes.toString()).to.equal(201);
    expectProblem(await by('privacy-officer', 'GET', `/v1/amendments/${id}`), 404, 'amendment-unknown');
  });

  it('is asked for, answered and read by those whom the table names', async () => {
    const record = await kept();
    const body = { subject, record, text: WORDS };
    const id = await askForAmendment(riverside, body);
    for (const [role, method, path, given] of [
      ['practitioner', 'POST', '/v1/amendments', body],
      ['records-clerk', 'GET', '/v1/amendments', undefined],
      ['consent-portal', 'GET', '/v1/amendments', undefined],
      ['consent-clerk', 'POST', `/v1/amendments/${id}/answer`, DENIAL],
      ['auditor', 'POST', `/v1/amendments/${id}/answer`, DENIAL],
      ['consent-clerk', 'POST', `/v1/amendments/${id}/rebuttal`, { text: 'no' }],
    ] as const)
      expectProblem(await by(role, method, path, given), 403, 'role-missing');
    expectProblem(
      await by('consent-clerk', 'POST', '/v1/amendments', { ...body, record: 'none' }),
      404,
      'amendment-record-unknown',
    );
    expectProblem(await by('privacy-officer', 'GET', '/v1/amendments/none'), 404, 'amendment-unknown');
  });
});
