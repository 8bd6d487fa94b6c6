import { expect } from 'chai';
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

describe('oversight sees all, and can take a withdrawal that the custodian would not', function () {
  this.timeout(PATIENCE_MS);
  let members: Members;
  let subject: string;
  let record: string;
  let consent: string;

  before(async () => {
    members = await sharedMembers();
    const { riverside, lakeside } = members;
    subject = await registerSubject(riverside);
    record = (await putRecord(riverside, { subject })).id;
    consent = String(
      (await fileConsent(riverside, treatmentConsent({ subject, recipient: lakeside.reference }))).json[
        'consent'
      ],
    );
  });

  it('reads the consent as the custodian does, and must say whose it means', async () => {
    const { riverside, sentinel } = members;
    const token = await sentinel.token('auditor', ['auditor']);
    const path = `/v1/consents/${consent}`;
    const answer = await sentinel.call('GET', `${path}?custodian=${riverside.reference}`, { token });
    expect(answer.status, answer.bytes.toString()).to.equal(200);
    const clerk = await riverside.token('clerk', ['consent-clerk']);
    expect((await riverside.call('GET', path, { token: clerk })).json).to.deep.equal(answer.json);
    expect(answer.json).to.include({ consent, subject, filedBy: riverside.reference });
    expectProblem(await sentinel.call('GET', path, { token }), 400, 'parameter-malformed');
    const elsewhere = `${path}?custodian=${members.lakeside.reference}`;
    expectProblem(await sentinel.call('GET', elsewhere, { token }), 404, 'consent-unknown');
  });

  it('withdraws at oversight; the next request is refused, and the second withdrawal changes nothing', async () => {
    const { riverside, lakeside, sentinel } = members;
    expect((await ask(lakeside, riverside, [record])).status).to.equal(200);
    const withdrawn = await withdraw(sentinel, consent, riverside);
    expect(withdrawn.status, withdrawn.bytes.toString()).to.equal(200);
    expectProblem(await ask(lakeside, riverside, [record]), 403, 'access-denied');
    const again = await withdraw(sentinel, consent, riverside);
    expect(again.json['withdrawnAt']).to.equal(withdrawn.json['withdrawnAt']);
    const token = await riverside.token('clerk', ['consent-clerk']);
    const seen = await riverside.call('GET', `/v1/consents/${consent}`, { token });
    expect(seen.json['withdrawal']).to.include({ by: sentinel.reference });
  });

  it('lists the same events as the custodian, page by page, by subject, record, requester and outcome', async () => {
    const { riverside, lakeside, novacure, sentinel } = members;
    await ask(novacure, riverside, [record]);
    const own = await events(riverside, { subject });
    const overseen = await events(sentinel, { subject, custodian: riverside.reference });
    expect(overseen).to.deep.equal(own);
    expect(own).to.have.length(3);
    expect(await events(sentinel, { record })).to.have.length(3);
    expect(await events(sentinel, { record, requester: novacure.reference })).to.have.length(1);
    expect(await events(sentinel, { record, requester: lakeside.reference })).to.have.length(2);
    expect(await events(sentinel, { record, outcome: 'permit' })).to.have.length(1);
    expect(await events(sentinel, { record, requester: 'Organization/nobody' })).to.deep.equal([]);
    const token = await sentinel.token('auditor', ['auditor']);
    const paged = [];
    for (let after: string | undefined; ;) {
      const query = new URLSearchParams({ subject, limit: '2', ...(after === undefined ? {} : { after }) });
      const { json } = await sentinel.call('GET', `/v1/access-events?${query.toString()}`, { token });
      paged.push(...(json['events'] as object[]));
      if (typeof json['next'] !== 'string') break;
      after = json['next'];
    }
    expect(paged).to.deep.equal(own);
  });

  it('shows another hospital nothing of it', async () => {
    const { lakeside, riverside } = members;
    expect(await events(lakeside, { subject })).to.deep.equal([]);
    const token = await lakeside.token('clerk', ['consent-clerk', 'auditor']);
    expectProblem(await lakeside.call('GET', `/v1/consents/${consent}`, { token }), 404, 'consent-unknown');
    const named = `/v1/consents/${consent}?custodian=${riverside.reference}`;
    expectProblem(await lakeside.call('GET', named, { token }), 404, 'custodian-unknown');
  });
});
