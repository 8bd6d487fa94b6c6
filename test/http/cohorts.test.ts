import {
  cohortLine,
  cohortSummary,
  type CohortLine,
  type CohortSummary,
} from '@consent-ledger/chaincode/wire/http';
import { researchProfileNamed } from '@consent-ledger/gateway/internal/pseudonymising/research-profile';
import { expect } from 'chai';
import { eventually } from '../support/eventually.js';
import type { Answer, TestMember } from './support/consortium.js';
import { events, putRecord, registerSubject } from './support/people.js';
import { expectProblem } from './support/problems.js';
import { claimsOf, signedBy } from './support/requests.js';
import { PATIENCE_MS, sharedMembers } from './support/shared.js';
import {
  consentTo,
  leave,
  observation,
  participations,
  putObservation,
  putStudy,
  studyBody,
} from './support/studies.js';

interface Taken {
  readonly lines: readonly CohortLine[];
  readonly summary: CohortSummary['summary'];
}

describe('the data of a cohort', function () {
  this.timeout(2 * PATIENCE_MS);
  let riverside: TestMember;
  let lakeside: TestMember;
  let novacure: TestMember;
  let sentinel: TestMember;

  before(async () => {
    ({ riverside, lakeside, novacure, sentinel } = await sharedMembers());
  });

  async function ask(study: string, more: object = {}, site = riverside): Promise<Answer> {
    const token = await novacure.token('scientist', ['researcher']);
    const body = { site: site.reference, ...more };
    return novacure.call('POST', `/v1/studies/${study}/data`, { token, body });
  }

  async function take(study: string, more: object = {}, site = riverside): Promise<Taken> {
    const answer = await ask(study, more, site);
    expect(answer.status, answer.bytes.toString()).to.equal(200);
    const texts = answer.bytes.toString().trimEnd().split('\n');
    const { summary } = cohortSummary.parse(JSON.parse(texts.pop() ?? ''));
    return { lines: texts.map((text) => cohortLine.parse(JSON.parse(text))), summary };
  }

  async function participant(study: string, site = riverside): Promise<{ subject: string; consent: string }> {
    const subject = await registerSubject(site);
    return { subject, consent: await consentTo(study, site, { subject }) };
  }

  async function known(study: string, count: number, status = 'consented'): Promise<void> {
    await eventually(async () => {
      const all = await participations(study, novacure);
      expect(all.filter((one) => one.status === status)).to.have.length(count);
    });
  }

  it('comes of those who may, pseudonymised, each by a decision of its own; who was left out is counted', async () => {
    const study = await putStudy(novacure);
    const [one, two, three] = [await participant(study), await participant(study), await participant(study)];
    await known(study, 3);
    const first = await putObservation(riverside, one.subject, observation(120, '2026-03-01T08:30:00+01:00'));
    await putObservation(riverside, one.subject, observation(130, '2026-03-15T08:30:00+01:00'));
    await putObservation(riverside, two.subject, observation(99));
    await putObservation(riverside, three.subject);
    await leave(riverside, three.consent);
    await known(study, 1, 'withdrawn');

    const { lines, summary } = await take(study);
    expect(summary).to.deep.equal({
      participants: 3,
      released: 2,
      leftOut: 1,
      records: 3,
      withheld: 0,
      failed: 0,
    });
    const text = JSON.stringify(lines);
    const secrets = [
      one.subject,
      three.subject,
      one.consent,
      'Doe',
      'mrn-0815',
      'ORDER',
      'ward',
      'House',
      'nervous',
    ];
    for (const secret of secrets) expect(text).to.not.include(secret);
    const persons = new Set((await participations(study, novacure)).map(({ person }) => person));
    for (const { participant: person, resource, profile } of lines) {
      expect(persons.has(person)).to.equal(true);
      expect(profile).to.equal(researchProfileNamed().digest);
      expect(resource).to.deep.include({
        resourceType: 'Observation',
        status: 'final',
        code: { coding: [{ system: 'http://loinc.org', code: '8480-6' }] },
        subject: { type: 'Patient', identifier: { system: 'urn:consent-ledger:participant', value: person } },
      });
      expect(resource['effectiveDateTime']).to.not.match(/^2026-03-(?:01|15)T/);
    }
    expect(new Set(lines.map(({ event }) => event)).size, 'an event for each participant').to.equal(2);
    const times = lines
      .filter(({ resource }) => [120, 130].includes((resource['valueQuantity'] as { value: number }).value))
      .map(({ resource }) => Date.parse(String(resource['effectiveDateTime'])));
    expect(Math.max(...times) - Math.min(...times)).to.equal(14 * 86_400_000);

    await eventually(async () => {
      const logged = await events(sentinel, { record: first.id, custodian: riverside.reference });
      const [record] = (logged.at(-1)?.['records'] ?? []) as { obligations: object[]; delivered?: boolean }[];
      expect(record?.obligations).to.deep.include({
        code: 'pseudonymise',
        profile: 'research',
        version: '1',
        digest: researchProfileNamed().digest,
      });
      expect(record?.delivered).to.equal(true);
    });
  });

  it('is the same of one record that is asked for by its name, and nothing of what cannot be pseudonymised', async () => {
    const study = await putStudy(novacure);
    const { subject } = await participant(study);
    await known(study, 1);
    const good = await putObservation(riverside, subject);
    const other = await putRecord(riverside, { subject, facts: { labels: ['N'] } });
    const token = await novacure.token('scientist', ['researcher']);
    const request = (records: string[]): Promise<Answer> => {
      const body = { custodian: riverside.reference, records, purpose: ['CLINTRL'], study };
      return novacure.call('POST', '/v1/access-requests', { token, body });
    };
    const came = await request([good.id]);
    expect(came.status, came.bytes.toString()).to.equal(200);
    expect(came.bytes.toString()).to.include('PSEUDED').and.not.include('Doe');
    expectProblem(await request([other.id]), 403, 'record-withheld');
    const { lines, summary } = await take(study);
    expect(lines.map(({ record }) => record)).to.deep.equal([good.id]);
    expect(summary).to.include({ released: 1, records: 1, withheld: 1 });
  });

  it('of one participant, of one kind and of one time is asked for by itself', async () => {
    const study = await putStudy(novacure);
    const [one, two] = [await participant(study), await participant(study)];
    await known(study, 2);
    await putObservation(riverside, one.subject, observation(1, '2026-03-01'));
    await putObservation(riverside, one.subject, observation(2, '2026-05-01'));
    await putObservation(riverside, two.subject);
    const { lines } = await take(study, { authored: { start: '2026-04-01' } });
    expect(lines).to.have.length(1);
    const person = lines[0]?.participant ?? '';
    const alone = await take(study, { participant: person, resourceType: 'Observation' });
    expect(alone.lines).to.have.length(2);
    expect(alone.summary).to.include({ participants: 1, released: 1, leftOut: 0 });
    expectProblem(await ask(study, { participant: 'B'.repeat(22) }), 404, 'participation-unknown');
    expectProblem(await ask(study, {}, lakeside), 404, 'custodian-unknown');
    expectProblem(await ask('no-such-study'), 404, 'study-unknown');
    expectProblem(await ask(study, { authored: { start: '2026-02-30' } }), 400, 'body-malformed');
    expect((await take(study, { resourceType: 'Condition' })).summary).to.include({
      released: 0,
      leftOut: 2,
    });
  });

  it('comes to its sponsor alone: nobody else can name a participant', async () => {
    const study = await putStudy(novacure, studyBody({ thirdParties: [lakeside.reference] }));
    const { subject } = await participant(study);
    await known(study, 1);
    await putObservation(riverside, subject);
    const [line] = (await take(study)).lines;
    const search = { person: `participant/${line?.participant ?? ''}`, limit: 10 };
    const found = async (member: TestMember, more: object): Promise<number> => {
      const claims = {
        ...claimsOf(member, riverside, []),
        search,
        roles: ['researcher'],
        purpose: ['CLINTRL'],
      };
      const request = await signedBy(member, { ...claims, ...more });
      const answer = await riverside.call('POST', '/v1/listings', { body: { request } });
      expect(answer.status, answer.bytes.toString()).to.equal(200);
      return (answer.json['records'] as unknown[]).length;
    };
    expect(await found(novacure, { study })).to.equal(1);
    expect(await found(novacure, {}), 'for no study').to.equal(0);
    expect(await found(novacure, { study: await putStudy(novacure) }), 'for another study').to.equal(0);
    expect(await found(lakeside, { study }), 'a third party').to.equal(0);
  });

  it('stops for whoever withdraws in the middle, and goes on for the others', async () => {
    const study = await putStudy(novacure);
    const all = await Promise.all([1, 2, 3, 4, 5, 6].map(() => participant(study)));
    await known(study, all.length);
    await Promise.all(all.map(({ subject }) => putObservation(riverside, subject)));
    const leaving = all.slice(0, 2);
    // Over and over while they withdraw: whatever comes after a withdrawal is in a block would be one too many.
    const withdrawing = (async () => {
      for (const { consent } of leaving) expect((await leave(riverside, consent)).status).to.equal(200);
    })();
    const withdrawn = { all: false };
    const ending = withdrawing.then(() => {
      withdrawn.all = true;
    });
    let isLast: boolean;
    do {
      isLast = withdrawn.all;
      const { lines, summary } = await take(study);
      expect(lines.length).to.be.within(all.length - leaving.length, isLast ? 4 : 6);
      expect(summary.failed).to.equal(0);
      expect(summary.released + summary.leftOut).to.equal(all.length);
    } while (!isLast);
    await ending;
  });

  it('breaks nothing for the others where one request is none', async () => {
    const subject = await registerSubject(riverside);
    const { id } = await putRecord(riverside, { subject });
    const good = await signedBy(lakeside, claimsOf(lakeside, riverside, [id]));
    const bad = await signedBy(lakeside, { ...claimsOf(lakeside, riverside, [id]), aud: 'NobodyMSP' });
    const answer = await riverside.call('POST', '/v1/cohort-releases', {
      body: { requests: [bad, good, good] },
    });
    expect(answer.status).to.equal(200);
    const { framesOf } = await import('./support/requests.js');
    const { control } = await framesOf(answer);
    expect(control.map(({ frame }) => frame)).to.deep.equal([
      'answer',
      'failed',
      'answer',
      'settled',
      'answer',
      'failed',
    ]);
  });
});
