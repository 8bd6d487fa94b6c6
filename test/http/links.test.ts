import { linkList, linkMade, searchAnswered, type LinkMade } from '@consent-ledger/chaincode/wire/http';
import { expect } from 'chai';
import { randomUUID } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Answer, TestMember } from './support/consortium.js';
import { fileConsent, putRecord, registerSubject, treatmentConsent } from './support/people.js';
import { expectProblem } from './support/problems.js';
import { PATIENCE_MS, sharedMembers, type Members } from './support/shared.js';

describe('a subject shows a link, and is found by it', function () {
  this.timeout(PATIENCE_MS);
  let members: Members;
  let riverside: TestMember;
  let subject: string;
  let record: string;

  before(async () => {
    members = await sharedMembers();
    riverside = members.riverside;
    subject = await registerSubject(riverside);
    record = (await putRecord(riverside, { subject, facts: { labels: ['N'] } })).id;
    await putRecord(riverside, { subject, facts: { labels: ['R'] } });
  });

  const portal = async (method: 'GET' | 'POST', path: string, body?: object): Promise<Answer> =>
    riverside.call(method, path, {
      token: await riverside.token('portal', ['consent-portal']),
      ...(body === undefined ? {} : { body }),
    });
  const make = async (body: object = {}): Promise<LinkMade> => {
    const answer = await portal('POST', `/v1/subjects/${subject}/links`, body);
    expect(answer.status, answer.bytes.toString()).to.equal(201);
    return linkMade.parse(answer.json);
  };
  const found = async (person: string, by: TestMember = members.lakeside): Promise<string[]> => {
    const answer = await by.call('POST', '/v1/searches', {
      token: await by.token('doctor', ['practitioner']),
      body: { custodian: riverside.reference, purpose: ['TREAT'], person },
    });
    expect(answer.status, answer.bytes.toString()).to.equal(200);
    return searchAnswered.parse(answer.json).records.map((one) => one.record);
  };
  const links = async () => linkList.parse((await portal('GET', `/v1/subjects/${subject}/links`)).json).links;

  it('which by itself opens nothing, and with a consent what that permits', async () => {
    const { person, text, custodian } = await make();
    expect(new URLSearchParams(text.split('?')[1]).get('person')).to.equal(person);
    expect(custodian).to.equal(riverside.reference);
    expect(await found(person)).to.deep.equal([]);
    await fileConsent(riverside, treatmentConsent({ subject, recipient: members.lakeside.reference }));
    expect(await found(person)).to.deep.equal([record]);
    expect(await found(person, members.novacure), 'whom the consent does not name').to.deep.equal([]);
  });

  it('and sees who used it', async () => {
    const { link, person } = await make();
    await found(person);
    await found(person, members.novacure);
    const held = (await links()).find((one) => one.link === link);
    expect(held?.uses.map(({ member }) => member)).to.deep.equal([
      members.lakeside.reference,
      members.novacure.reference,
    ]);
    expect(held?.uses[0]?.user).to.match(/^[A-Za-z0-9_-]{43}$/);
  });

  it('until it is ended or expires; what was never one names nobody', async () => {
    const { link, person, expiresAt } = await make({ minutes: 30 });
    expect(Date.parse(expiresAt) - Date.now()).to.be.within(28 * 60_000, 30 * 60_000);
    expect(await found(person)).to.deep.equal([record]);
    const ended = await portal('POST', `/v1/subjects/${subject}/links/${link}/end`);
    expect(ended.status, ended.bytes.toString()).to.equal(200);
    const again = await portal('POST', `/v1/subjects/${subject}/links/${link}/end`);
    expect(again.json['endedAt'], 'what stands is the first end').to.equal(ended.json['endedAt']);
    expect(await found(person)).to.deep.equal([]);
    expect(await found(`link/${'A'.repeat(43)}`)).to.deep.equal([]);
    const other = await registerSubject(riverside);
    expectProblem(await portal('POST', `/v1/subjects/${other}/links/${link}/end`), 404, 'not-found');
    expectProblem(await portal('POST', `/v1/subjects/${randomUUID()}/links`, {}), 404, 'subject-unknown');
    expectProblem(
      await portal('POST', `/v1/subjects/${subject}/links`, { minutes: 43_201 }),
      400,
      'body-malformed',
    );
  });

  it('whose secret the gateway keeps nowhere', async () => {
    const { person } = await make();
    await found(person);
    const secret = person.split('/')[1] ?? '';
    for (const suffix of ['', '-wal'])
      expect(
        readFileSync(join(riverside.configuration.dataDirectory, `links.db${suffix}`)).includes(secret),
      ).to.equal(false);
    expect(JSON.stringify(await links())).not.to.include(secret);
    expect(riverside.process.lines.join('\n')).not.to.include(secret);
  });
});
