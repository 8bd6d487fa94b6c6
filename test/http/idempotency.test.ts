import { randomUUID } from 'node:crypto';
import { expect } from 'chai';
import { eventually } from '../support/eventually.js';
import { privateHistory } from '../support/history.js';
import { FaultyMember } from '../support/release-faults/faulty-member.js';
import { startConsortium, type Answer, type TestConsortium, type TestMember } from './support/consortium.js';
import { ask, events, fileConsent, putRecord, registerSubject, treatmentConsent } from './support/people.js';
import { expectProblem } from './support/problems.js';
import { PATIENCE_MS } from './support/shared.js';

describe('a request under an idempotency key', function () {
  this.timeout(2 * PATIENCE_MS);
  let consortium: TestConsortium;
  let riverside: TestMember;
  let lakeside: TestMember;
  let sentinel: TestMember;
  let faulty: FaultyMember;

  before(async () => {
    consortium = await startConsortium();
    faulty = await FaultyMember.takeOver(consortium, 'riverside');
    riverside = faulty.member;
    [lakeside, sentinel] = ['lakeside', 'sentinel'].map((name) => consortium.member(name)) as [
      TestMember,
      TestMember,
    ];
  });
  after(async () => {
    await faulty.stop();
    await consortium.stop();
  });

  async function register(key: string, user = 'clerk', path = '/v1/subjects'): Promise<Answer> {
    const token = await riverside.token(user, ['records-clerk']);
    return riverside.call('POST', path, { token, headers: { 'idempotency-key': key }, body: {} });
  }

  async function subjects(): Promise<string[]> {
    const history = await privateHistory(sentinel);
    return history
      .filter(({ key }) => key.startsWith('subject/'))
      .map(({ value }) => String(value['subject']));
  }

  it('is done once, and answered with the same answer; without quotation marks it is the same key', async () => {
    const key = randomUUID();
    const first = await register(`"${key}"`);
    expect(first.status, JSON.stringify(first.json)).to.equal(201);
    for (const again of [await register(`"${key}"`), await register(key)]) {
      expect(again.status).to.equal(201);
      expect(again.json).to.deep.equal(first.json);
    }
    const other = await register(key, 'another-clerk');
    expect(other.json['subject'], "another caller's key is another key").to.not.equal(first.json['subject']);
  });

  it('is refused where the key was given to another request, or is none', async () => {
    const key = randomUUID();
    const subject = await registerSubject(riverside);
    const token = await riverside.token('clerk', ['consent-clerk']);
    const file = (resource: object): Promise<Answer> =>
      riverside.call('POST', '/v1/consents', {
        token,
        headers: { 'idempotency-key': key },
        body: { resource, evidence: { kind: 'witnessed', form: 'A'.repeat(43) } },
      });
    const consent = treatmentConsent({ subject });
    const filed = await file(consent);
    expect(filed.status, JSON.stringify(filed.json)).to.equal(201);
    expect((await file(consent)).json).to.deep.equal(filed.json);
    expectProblem(await file(treatmentConsent({ subject })), 422, 'idempotency-key-reused');
    for (const bad of ['', '""', '"a', 'a b', 'x'.repeat(300)]) {
      expect((await register(bad)).status, JSON.stringify(bad)).to.equal(400);
    }
  });

  it('tells the same refusal again', async () => {
    const key = randomUUID();
    const token = await riverside.token('clerk', ['consent-clerk']);
    const withdraw = (): Promise<Answer> =>
      riverside.call('POST', `/v1/consents/${key}/withdrawal`, {
        token,
        headers: { 'idempotency-key': key },
        body: {},
      });
    const first = await withdraw();
    expectProblem(first, 404, 'consent-unknown');
    expect((await withdraw()).json).to.deep.equal(first.json);
  });

  it('is told that it is under way, when it comes again meanwhile', async () => {
    const before = (await subjects()).length;
    const key = randomUUID();
    const answers = await Promise.all(Array.from({ length: 6 }, () => register(key)));
    const done = answers.filter(({ status }) => status === 201);
    expect(done.length).to.be.greaterThan(0);
    for (const answer of answers) {
      if (answer.status === 201) expect(answer.json).to.deep.equal(done[0]?.json);
      else expectProblem(answer, 409, 'idempotency-in-progress');
    }
    await eventually(async () => {
      expect(await subjects()).to.have.length(before + 1);
    });
  });

  const KILLED = [
    ['before it is kept', { port: 'outbox', method: 'keep', when: 'before' }],
    ['when it is kept and not sent', { port: 'outbox', method: 'keep', when: 'after' }],
    ['when it is sent', { port: 'ledger', method: 'submit', when: 'after' }],
  ] as const;
  for (const [what, boundary] of KILLED) {
    it(`makes one transaction, killed ${what} and asked again`, async () => {
      await faulty.idle();
      const before = (await subjects()).length;
      const key = randomUUID();
      await faulty.plan({ ...boundary, nth: 1, action: 'kill' });
      const torn = await register(key).catch(() => undefined);
      expect(torn).to.equal(undefined);
      expect(await faulty.revive(5_000)).to.equal(true);
      const answer = await eventually(async () => {
        const again = await register(key);
        if (again.status !== 201) throw new Error(JSON.stringify(again.json));
        return again;
      });
      expect((await register(key)).json).to.deep.equal(answer.json);
      const now = await eventually(async () => {
        const all = await subjects();
        expect(all).to.include(answer.json['subject']);
        return all;
      });
      expect(now).to.have.length(before + 1);
    });
  }

  it('makes one transaction where the disk kept it and says that it did not', async () => {
    await faulty.idle();
    const before = (await subjects()).length;
    const key = randomUUID();
    await faulty.plan({ port: 'outbox', method: 'keep', when: 'after', nth: 1, action: 'fail' });
    expect((await register(key)).status).to.be.at.least(500);
    await faulty.plan();
    const answer = await eventually(
      async () => {
        const again = await register(key);
        if (again.status !== 201) throw new Error(JSON.stringify(again.json));
        return again;
      },
      { withinMs: 60_000 },
    );
    const now = await eventually(async () => {
      const all = await subjects();
      expect(all).to.include(answer.json['subject']);
      return all;
    });
    expect(now).to.have.length(before + 1);
  });

  it('asks another member once, whatever becomes of the answer', async () => {
    const subject = await registerSubject(riverside);
    const record = (await putRecord(riverside, { subject })).id;
    const key = randomUUID();
    const token = await lakeside.token('doctor', ['practitioner']);
    const askAgain = (): Promise<Answer> =>
      lakeside.call('POST', '/v1/access-requests', {
        token,
        headers: { 'idempotency-key': key },
        body: { custodian: riverside.reference, records: [record], purpose: ['TREAT'] },
      });
    const denied = await askAgain();
    expectProblem(denied, 403, 'access-denied');
    await fileConsent(riverside, treatmentConsent({ subject }));
    expect((await askAgain()).json, 'the same answer, though it would be another one now').to.deep.equal(
      denied.json,
    );
    expect(await events(riverside, { record })).to.have.length(1);
  });

  it('has its delivery logged though the custodian could not take the receipt at first', async () => {
    const subject = await registerSubject(riverside);
    const record = (await putRecord(riverside, { subject })).id;
    await fileConsent(riverside, treatmentConsent({ subject }));
    await faulty.idle();
    // The first transaction is the decision, the second the delivery.
    await faulty.plan({ port: 'ledger', method: 'prepare', when: 'before', nth: 2, action: 'fail' });
    const released = await ask(lakeside, riverside, [record]);
    expect(released.status, JSON.stringify(released.json)).to.equal(200);
    await eventually(async () => {
      const [event] = await events(riverside, { record });
      const [line] = event?.['records'] as { delivered: boolean }[];
      expect(line?.delivered).to.equal(true);
      expect(faulty.hit.has('before ledger.prepare'), 'the first receipt was not taken').to.equal(true);
    });
  });

  it('keeps a record once, and says the same of it again', async () => {
    const subject = await registerSubject(riverside);
    const token = await riverside.token('clerk', ['records-clerk']);
    const key = randomUUID();
    const id = randomUUID();
    const put = (body: string): Promise<Answer> =>
      riverside.call('PUT', `/v1/records/${id}?subject=${subject}`, {
        token,
        headers: { 'idempotency-key': key, 'content-type': 'text/plain' },
        body: Buffer.from(body),
      });
    const kept = await put('a finding');
    expect(kept.status, JSON.stringify(kept.json)).to.equal(201);
    expect((await put('a finding')).json).to.deep.equal(kept.json);
    expectProblem(await put('a longer finding'), 422, 'idempotency-key-reused');
    expectProblem(await put('A FINDING'), 422, 'idempotency-key-reused');
  });
});
