import { expect } from 'chai';
import { checksAnswered, checkPage, type CheckAnswer } from '@consent-ledger/chaincode/wire/http';
import type { Answer } from './support/consortium.js';
import {
  ask,
  events,
  fileConsent,
  putRecord,
  registerSubject,
  treatmentConsent,
  withdraw,
} from './support/people.js';
import { expectProblem } from './support/problems.js';
import { PATIENCE_MS, sharedMembers, type Members } from './support/shared.js';

describe('checks say what would be decided, and release nothing', function () {
  this.timeout(PATIENCE_MS);
  let members: Members;

  before(async () => {
    members = await sharedMembers();
  });

  const check = async (questions: readonly object[], roles = ['consent-clerk']): Promise<Answer> => {
    const token = await members.riverside.token('clerk', roles);
    return members.riverside.call('POST', '/v1/checks', { token, body: { questions } });
  };
  const answersOf = async (...questions: readonly object[]): Promise<CheckAnswer[]> => {
    const answer = await check(questions);
    expect(answer.status, answer.bytes.toString()).to.equal(200);
    return checksAnswered.parse(answer.json).checks;
  };
  const one = async (question: object): Promise<CheckAnswer> => {
    const [answer] = await answersOf(question);
    if (answer === undefined) throw new Error('no answer');
    return answer;
  };
  /** As the requester's practitioner asks for it (support/people.ts). */
  const asLakeside = (more: object): object => ({
    requester: { member: members.lakeside.reference, roles: ['practitioner'] },
    purpose: ['TREAT'],
    ...more,
  });

  it('says of a record at every moment what a request for it is then decided by, and why', async () => {
    const { riverside, lakeside } = members;
    const subject = await registerSubject(riverside);
    const { id: record } = await putRecord(riverside, { subject });
    const question = asLakeside({ record });
    const seen: CheckAnswer[] = [];
    const compare = async (): Promise<void> => {
      seen.push(await one(question));
      await ask(lakeside, riverside, [record]);
    };

    await compare();
    const filed = await fileConsent(riverside, treatmentConsent({ subject, recipient: lakeside.reference }));
    const consent = String(filed.json['consent']);
    await compare();
    const deny = treatmentConsent({ subject });
    const refusing = { ...deny, policyRule: undefined, provision: { type: 'deny' } };
    const denied = await fileConsent(riverside, refusing);
    await compare();
    await withdraw(riverside, String(denied.json['consent']));
    await withdraw(riverside, consent);
    await compare();

    const logged = (await events(riverside, { subject })).flatMap(
      ({ records }) => records as { outcome: string; reason: string; basis: unknown; obligations: unknown }[],
    );
    const told = seen.map(({ outcome, reason, basis, obligations }) => ({
      outcome,
      reason,
      basis,
      obligations,
    }));
    expect(told).to.deep.equal(
      logged.map(({ outcome, reason, basis, obligations }) => ({ outcome, reason, basis, obligations })),
    );
    expect(told.map(({ reason }) => reason)).to.deep.equal([
      'no-consent',
      'permitted-by-consent',
      'denied-by-consent',
      'consent-withdrawn',
    ]);
    const [, permitted, byConsent] = seen;
    expect(permitted?.explanation).to.contain(`Consent ${consent} (version 1, witnessed) says permit in `);
    expect(byConsent?.explanation).to.contain('says deny in Consent.provision.');
    expect(byConsent?.precondition).to.equal('no consent in force that denies');
    expect(byConsent?.exception?.cites).to.equal('45 CFR 171.202(e)');
    expect(permitted).to.not.have.any.keys('precondition', 'exception');
  });

  it('answers about a subject and stated facts, as of the newest block, in the order of the questions', async () => {
    const { riverside } = members;
    const subject = await registerSubject(riverside);
    const before = checksAnswered.parse((await check([asLakeside({ subject, facts: { labels: [] } })])).json);
    await fileConsent(riverside, treatmentConsent({ subject }));
    const answer = await check([
      asLakeside({ subject, facts: { labels: [] } }),
      asLakeside({ subject, facts: { labels: ['R'] } }),
      asLakeside({ subject }),
      asLakeside({ subject, facts: { labels: [] }, purpose: ['HRESCH'] }),
      asLakeside({ subject: 'nobody' }),
      asLakeside({ record: 'none' }),
      asLakeside({ subject, facts: { labels: [] }, requester: { member: 'Organization/nowhere' } }),
    ]);
    const after = checksAnswered.parse(answer.json);
    expect(before.checks.map(({ reason }) => reason)).to.deep.equal(['no-consent']);
    expect(after.checks.map(({ reason }) => reason)).to.deep.equal([
      'permitted-by-consent',
      'not-covered-by-consent',
      'not-covered-by-consent',
      'no-consent',
      'not-known',
      'not-known',
      'member-not-active',
    ]);
    expect(after.height).to.be.greaterThan(before.height);
    const token = await riverside.token('clerk', ['consent-clerk']);
    expect(after.height).to.be.at.most(
      Number((await riverside.call('GET', '/v1/ledger', { token })).json['height']),
    );
  });

  it('takes 500 questions in a call and no more, and none that the rules do not understand', async () => {
    const subject = await registerSubject(members.riverside);
    const question = asLakeside({ subject, facts: { labels: [] } });
    expect(await answersOf(...Array.from({ length: 500 }, () => question))).to.have.length(500);
    const bad: [readonly object[], string][] = [
      [[], '$.questions'],
      [Array.from({ length: 501 }, () => question), '$.questions'],
      [[question, asLakeside({})], '$.questions[1].record'],
      [[asLakeside({ record: 'r', subject })], '$.questions[0].record'],
      [[asLakeside({ record: 'r', facts: {} })], '$.questions[0].facts'],
      [[asLakeside({ subject, purpose: [] })], '$.questions[0].purpose'],
      [[asLakeside({ subject, purpose: ['FUN'] })], '$.questions[0].purpose[0]'],
      [[asLakeside({ subject, facts: { labels: ['XYZ'] } })], '$.questions[0].facts.labels[0]'],
      [[asLakeside({ subject, facts: { authored: '2024-13' } })], '$.questions[0].facts.authored'],
      [[asLakeside({ subject, at: '2024-01-01T00:00:00Z' })], '$.questions[0]'],
      [[asLakeside({ subject, requester: { member: 'lakeside' } })], '$.questions[0].requester.member'],
      [[asLakeside({ subject, actions: ['look'] })], '$.questions[0].actions[0]'],
    ];
    for (const [questions, path] of bad) {
      const answer = await check(questions);
      expectProblem(answer, 400, 'body-malformed', path);
      const [first] = answer.json['errors'] as { path: string }[];
      expect(first?.path).to.equal(path);
    }
  });

  it("is for the custodian's own staff alone, and not for all of them", async () => {
    const { riverside, lakeside, novacure, sentinel } = members;
    const questions = [asLakeside({ record: 'any' })];
    for (const role of ['practitioner', 'clinician', 'consent-clerk', 'records-clerk', 'auditor']) {
      expect((await check(questions, [role])).status, role).to.equal(200);
    }
    for (const role of ['researcher', 'admin', 'emergency-physician']) {
      expectProblem(await check(questions, [role]), 403, 'role-missing', role);
    }
    for (const member of [lakeside, novacure, sentinel]) {
      const token = await member.token('clerk', ['consent-clerk']);
      const answer = await riverside.call('POST', '/v1/checks', { token, body: { questions } });
      expectProblem(answer, 401, 'token-invalid', member.name);
    }
    for (const member of [novacure, sentinel]) {
      const token = await member.token('clerk', ['consent-clerk']);
      expectProblem(
        await member.call('POST', '/v1/checks', { token, body: { questions } }),
        404,
        'route-unknown',
      );
    }
  });

  it('keeps who checked what, page by page, also after the process was killed', async () => {
    const { riverside } = members;
    const subject = await registerSubject(riverside);
    const other = await registerSubject(riverside);
    const facts = { labels: [] };
    await check([asLakeside({ subject, facts }), asLakeside({ subject: other, facts })]);
    await check([asLakeside({ subject: other, facts })]);
    await check([asLakeside({ subject, facts, purpose: ['HPAYMT'] })]);
    await riverside.process.stop('SIGKILL');
    await riverside.start();

    const token = await riverside.token('auditor', ['auditor']);
    const calls = [];
    let query = `subject=${subject}&limit=1`;
    for (;;) {
      const answer = await riverside.call('GET', `/v1/checks?${query}`, { token });
      const page = checkPage.parse(answer.json);
      calls.push(...page.calls);
      if (page.next === undefined) break;
      query = `subject=${subject}&limit=1&after=${page.next}`;
    }
    expect(calls.map(({ checks }) => checks)).to.deep.equal(
      ['TREAT', 'HPAYMT'].map((purpose) => [
        {
          subjects: [subject],
          requester: 'Organization/lakeside',
          purpose: [purpose],
          outcome: 'deny',
          reason: 'no-consent',
        },
      ]),
    );
    expect(new Set(calls.map(({ user }) => user)).size).to.equal(1);
    expect(calls[0]?.user).to.match(/^[A-Za-z0-9_-]{43}$/);
    const clerk = await riverside.token('doctor', ['practitioner']);
    expectProblem(await riverside.call('GET', '/v1/checks', { token: clerk }), 403, 'role-missing');
  });

  it('holds up whoever asks about one subject again and again, and says until when', async () => {
    const { riverside } = members;
    const subject = await registerSubject(riverside);
    const facts = { labels: [] };
    const many = Array.from({ length: 500 }, () => asLakeside({ subject, facts }));
    expect((await check(many)).status).to.equal(200);
    expect((await check(many)).status).to.equal(200);
    const refused = await check([asLakeside({ subject, facts })]);
    expectProblem(refused, 429, 'check-limit-reached');
    expect(Number(refused.headers['retry-after'])).to.be.within(1, 7200);
    const other = await registerSubject(riverside);
    expect((await check([asLakeside({ subject: other, facts })])).status).to.equal(200);
    expectProblem(
      await check([asLakeside({ subject: other, facts }), asLakeside({ subject, facts })]),
      429,
      'check-limit-reached',
    );
    await riverside.process.stop();
    await riverside.start();
    expectProblem(await check([asLakeside({ subject, facts })]), 429, 'check-limit-reached', 'restarted');
  });
});
