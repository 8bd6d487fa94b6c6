import { emergencyPage, notificationList, type EmergencyPage } from '@consent-ledger/chaincode/wire/http';
import { expect } from 'chai';
import { randomBytes } from 'node:crypto';
import { eventually } from '../support/eventually.js';
import type { Answer, TestMember } from './support/consortium.js';
import { putRecord, registerSubject } from './support/people.js';
import { expectProblem } from './support/problems.js';
import { PATIENCE_MS, sharedMembers, type Members } from './support/shared.js';

const PHYSICIAN = ['practitioner', 'emergency-physician'];

describe('the glass is broken', function () {
  this.timeout(PATIENCE_MS);
  let members: Members;
  let subject: string;
  let record: string;
  const content = randomBytes(5_000);

  before(async () => {
    members = await sharedMembers();
    subject = await registerSubject(members.riverside);
    record = (await putRecord(members.riverside, { subject, content })).id;
  });

  async function breakGlass(
    member: TestMember,
    methods: string[],
    age = 0,
    records = [record],
  ): Promise<Answer> {
    const now = Math.floor(Date.now() / 1_000);
    const token = await member.token('er-doctor', PHYSICIAN, {
      payload: { auth_time: now - age, amr: methods },
    });
    return member.call('POST', '/v1/access-requests', {
      token,
      body: {
        custodian: members.riverside.reference,
        records,
        purpose: ['BTG'],
        emergency: { reason: 'unconscious' },
      },
    });
  }

  async function list(member: TestMember, status: string): Promise<EmergencyPage['emergencies']> {
    const token = await member.token('auditor', ['auditor']);
    const query = new URLSearchParams({ status, custodian: members.riverside.reference, limit: '200' });
    const answer = await member.call('GET', `/v1/emergency-accesses?${query.toString()}`, { token });
    expect(answer.status, answer.bytes.toString()).to.equal(200);
    return emergencyPage.parse(answer.json).emergencies.filter((one) => one.subjects.includes(subject));
  }

  async function listOne(member: TestMember, status: string): Promise<EmergencyPage['emergencies'][number]> {
    const [one, ...more] = await list(member, status);
    if (one === undefined || more.length > 0) throw new Error(`${status}: not the one that was made`);
    return one;
  }

  async function review(
    member: TestMember,
    id: string,
    user: string,
    finding = 'justified',
  ): Promise<Answer> {
    const token = await member.token(user, ['auditor']);
    return member.call(
      'POST',
      `/v1/emergency-accesses/${id}/review?custodian=${members.riverside.reference}`,
      { token, body: { finding } },
    );
  }

  it('opens a record without a consent only to who has just authenticated; is listed, told to the subject, and reviewed once', async () => {
    const { riverside, lakeside, sentinel } = members;
    expect((await breakGlass(lakeside, ['pwd'], 3_600)).status).to.equal(403);
    const opened = await breakGlass(lakeside, ['pwd']);
    expect(opened.status, JSON.stringify(opened.json)).to.equal(200);
    expect(opened.bytes.equals(content)).to.equal(true);
    const obligations = JSON.parse(
      Buffer.from(String(opened.headers['consent-ledger-obligations']), 'base64url').toString(),
    ) as { code: string }[];
    expect(obligations.map(({ code }) => code)).to.include.members(['review-by', 'expires-at']);

    const event = String(opened.headers['consent-ledger-event']);
    for (const member of [riverside, sentinel]) {
      const one = await eventually(() => listOne(member, 'open'));
      expect(one).to.deep.include({
        event,
        requester: lakeside.reference,
        reason: 'unconscious',
        isOverdue: false,
        records: [record],
      });
      expect(await list(member, 'overdue')).to.deep.equal([]);
    }
    const metrics = (await riverside.call('GET', '/metrics')).bytes.toString();
    expect(metrics).to.match(/^consent_ledger_emergency_reviews_open [1-9]/m);

    const clerk = await riverside.token('clerk', ['consent-clerk']);
    const told = await riverside.call('GET', `/v1/subjects/${subject}/notifications`, { token: clerk });
    const [newest] = notificationList.parse(told.json).notifications;
    expect(newest).to.include({ kind: 'emergency-access', about: event.slice('event/'.length) });

    const id = event.slice('event/'.length);
    const done = await review(riverside, id, 'privacy-officer');
    expect(done.status, JSON.stringify(done.json)).to.equal(200);
    expect((await review(riverside, id, 'privacy-officer')).status).to.equal(200);
    expectProblem(
      await review(riverside, id, 'privacy-officer', 'not-justified'),
      409,
      'emergency-already-reviewed',
    );
    for (const member of [riverside, sentinel]) {
      const one = await eventually(() => listOne(member, 'reviewed'));
      expect(one.review).to.include({ finding: 'justified', by: riverside.reference });
      expect(await list(member, 'open')).to.deep.equal([]);
    }
  });

  it('sends the notice of 42 CFR part 2 with what is about substance use, one record or several', async () => {
    const { riverside, lakeside } = members;
    const facts = { labels: ['R', 'ETH'] };
    const other = await registerSubject(riverside);
    const { id } = await putRecord(riverside, { subject: other, content, facts });
    const { id: usual } = await putRecord(riverside, { subject: other, content });
    const one = await breakGlass(lakeside, ['pwd'], 0, [id]);
    expect(one.status, JSON.stringify(one.json)).to.equal(200);
    expect(one.headers['consent-ledger-notice']).to.match(
      /^42 CFR part 2 prohibits unauthorized use or disclosure/,
    );
    const plain = await breakGlass(lakeside, ['pwd'], 0, [usual]);
    expect(plain.headers['consent-ledger-notice']).to.equal(undefined);
    const both = (await breakGlass(lakeside, ['pwd'], 0, [id, usual])).bytes.toString('latin1');
    expect(both.match(/Consent-Ledger-Notice: 42 CFR part 2/g)).to.have.length(1);
  });

  it('is not judged by who looked, but by oversight if need be', async () => {
    const { riverside, sentinel } = members;
    const opened = await breakGlass(riverside, ['pwd']);
    expect(opened.status, JSON.stringify(opened.json)).to.equal(200);
    const id = String(opened.headers['consent-ledger-event']).slice('event/'.length);
    expectProblem(await review(riverside, id, 'er-doctor'), 403, 'reviewer-not-independent');
    await eventually(() => listOne(sentinel, 'open'));
    expect((await review(sentinel, id, 'auditor', 'not-justified')).status).to.equal(200);
    expectProblem(await review(riverside, '0'.repeat(64), 'auditor'), 404, 'event-unknown');
  });
});
