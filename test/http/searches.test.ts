import { Replay } from '@consent-ledger/audit';
import { searchAnswered, slipPage, type SearchAnswered } from '@consent-ledger/chaincode/wire/http';
import { expect } from 'chai';
import { randomUUID } from 'node:crypto';
import { deliveredHistory } from '../support/history.js';
import { eventually } from '../support/eventually.js';
import type { Answer, TestMember } from './support/consortium.js';
import { ask, events, fileConsent, putRecord, registerSubject, treatmentConsent } from './support/people.js';
import { expectProblem } from './support/problems.js';
import { claimsOf, signedBy } from './support/requests.js';
import { PATIENCE_MS, sharedMembers, type Members } from './support/shared.js';

const LOINC = 'http://loinc.org';
const coded = (code: string) => [{ system: LOINC, code }];

describe('a person’s records are found, each decided on, and nothing tells what is withheld', function () {
  this.timeout(PATIENCE_MS);
  let members: Members;
  let riverside: TestMember;
  let lakeside: TestMember;
  let subject: string;
  let slip: string;
  const open: string[] = [];

  before(async () => {
    members = await sharedMembers();
    ({ riverside, lakeside } = members);
    subject = await registerSubject(riverside);
    const filed = await fileConsent(riverside, treatmentConsent({ subject, recipient: lakeside.reference }));
    for (const [index, labels] of [['N'], ['R', 'HIV'], ['N'], ['R'], ['N']].entries()) {
      const facts = {
        reference: `Observation/${randomUUID()}`,
        resourceType: index === 4 ? 'Condition' : 'Observation',
        codes: coded(index === 2 ? '718-7' : '8310-5'),
        authored: `2024-0${index + 1}-10`,
        labels,
        refersTo: ['Encounter/withheld'],
      };
      const { id, status } = await putRecord(riverside, { subject, content: Buffer.from(`${index}`), facts });
      expect(status).to.equal(201);
      if (labels.includes('N')) open.unshift(id);
    }
    slip = await slipOf(lakeside, String(filed.json['consent']));
  });

  const slipOf = (member: TestMember, consent: string): Promise<string> =>
    eventually(async () => {
      const token = await member.token('clerk', ['consent-clerk']);
      const answer = await member.call('GET', `/v1/slips?limit=200`, { token });
      const found = slipPage.parse(answer.json).slips.find((one) => one.consent === consent);
      if (found === undefined) throw new Error('the slip has not come');
      return found.slip;
    });
  const search = async (
    body: object,
    { by = lakeside, at = riverside }: { by?: TestMember; at?: TestMember } = {},
  ): Promise<Answer> =>
    by.call('POST', '/v1/searches', {
      token: await by.token('doctor', ['practitioner']),
      body: { custodian: at.reference, purpose: ['TREAT'], ...body },
    });
  const found = (answer: Answer): SearchAnswered => {
    expect(answer.status, answer.bytes.toString()).to.equal(200);
    return searchAnswered.parse(answer.json);
  };
  const idsOf = (answer: Answer): string[] => found(answer).records.map(({ record }) => record);

  it('tells what is permitted, newest first, and not what that refers to; then it is released as usual', async () => {
    const answered = found(await search({ person: `slip/${slip}` }));
    expect(answered.records.map(({ record }) => record)).to.deep.equal(open);
    expect(answered).not.to.have.property('next');
    expect(answered.records[0]).to.deep.include({
      resourceType: 'Condition',
      labels: ['N'],
      bytes: 1,
      version: 1,
    });
    expect(JSON.stringify(answered)).not.to.match(/withheld|Encounter|HIV/);
    const released = await ask(lakeside, riverside, [open[2] ?? '']);
    expect(released.bytes.toString()).to.equal('0');
  });

  it('is one access event for all that it tells, with the person under the pseudonym of the custody alone', async () => {
    const { event, records } = found(await search({ person: `slip/${slip}` }));
    const logged = (await events(riverside, { subject })).filter((one) => one['event'] === event);
    expect(logged).to.have.length(1);
    const told = logged[0]?.['records'] as { record: string; outcome: string; reason: string }[];
    expect(told.map(({ record }) => record)).to.deep.equal(records.map(({ record }) => record));
    expect(told.every(({ reason }) => reason === 'permitted-by-consent')).to.equal(true);
  });

  it('pages without gaps: each page is full whatever is withheld between, and the last says that it is', async () => {
    const pages: string[][] = [];
    let after: string | undefined;
    const cursors = new Set<number>();
    do {
      const page = found(
        await search({ person: `slip/${slip}`, limit: 1, ...(after === undefined ? {} : { after }) }),
      );
      pages.push(page.records.map(({ record }) => record));
      after = page.next;
      if (after !== undefined) cursors.add(after.length);
    } while (after !== undefined && pages.length < 10);
    expect(pages).to.deep.equal(open.map((record) => [record]));
    expect(cursors.size, 'cursors are all of one length').to.equal(1);
  });

  it('looks by type, code and date', async () => {
    const person = `slip/${slip}`;
    expect(idsOf(await search({ person, resourceType: 'Condition' }))).to.deep.equal([open[0]]);
    expect(idsOf(await search({ person, codes: coded('718-7') }))).to.deep.equal([open[1]]);
    expect(idsOf(await search({ person, codes: [...coded('718-7'), ...coded('8310-5')] }))).to.deep.equal(
      open,
    );
    expect(idsOf(await search({ person, authored: { end: '2024-03' } }))).to.deep.equal(open.slice(1));
    expect(
      idsOf(await search({ person, authored: { start: '2024-01-10', end: '2024-01-10' } })),
    ).to.deep.equal([open[2]]);
    expect(
      idsOf(await search({ person, authored: { start: '2024-02-01', end: '2024-02-28' } })),
      'withheld',
    ).to.deep.equal([]);
    expectProblem(await search({ person, authored: { start: '2024-02-30' } }), 400, 'body-malformed');
  });

  it('tells a person that is not there, is not this requester’s to name, or has permitted nothing, all alike', async () => {
    const other = await registerSubject(riverside);
    await putRecord(riverside, { subject: other, facts: { labels: ['N'] } });
    const answers = await Promise.all([
      search({ person: `subject/${subject}` }),
      search({ person: `subject/${other}` }),
      search({ person: `slip/${'0'.repeat(64)}` }),
      search({ person: 'nonsense' }),
      search({ person: `slip/${slip}` }, { by: members.novacure }),
      search({ person: `slip/${slip}`, purpose: ['HPAYMT'] }),
    ]);
    const shapes = answers.map((answer) => {
      const { records, next } = found(answer);
      return JSON.stringify({ records, next, keys: Object.keys(answer.json).sort() });
    });
    expect(new Set(shapes).size).to.equal(1);
    expect(answers.map((answer) => found(answer).records)).to.deep.equal(answers.map(() => []));
  });

  it('finds by pseudonym for the own house, under the same rules', async () => {
    await fileConsent(riverside, treatmentConsent({ subject, recipient: riverside.reference }));
    expect(idsOf(await search({ person: `subject/${subject}` }, { by: riverside }))).to.deep.equal(open);
  });

  it('takes no cursor of another search or member, and no search of another than who signed it', async () => {
    const { next } = found(await search({ person: `slip/${slip}`, limit: 1 }));
    const person = `slip/${slip}`;
    for (const body of [
      { person, limit: 1, after: next, resourceType: 'Observation' },
      { person: `subject/${subject}`, limit: 1, after: next },
      { person, limit: 1, after: next, purpose: ['HPAYMT'] },
      { person, limit: 1, after: `A${next ?? ''}`.slice(0, next?.length) },
    ])
      expectProblem(await search(body), 400, 'request-malformed');
    const send = async (claims: object, by = lakeside) =>
      riverside.call('POST', '/v1/listings', { body: { request: await signedBy(by, claims) } });
    const claims = { ...claimsOf(lakeside, riverside, []), search: { person, limit: 10 } };
    expectProblem(await send(claims, members.novacure), 401, 'signing-key-unknown');
    expect((await send(claims)).status).to.equal(200);
    expectProblem(await send(claims), 409, 'request-replayed');
    expectProblem(await send(claimsOf(lakeside, riverside, [open[0] ?? ''])), 400, 'request-malformed');
    expectProblem(await send(claimsOf(lakeside, riverside, [])), 400, 'request-malformed');
    const both = { ...claimsOf(lakeside, riverside, [open[0] ?? '']), search: { person, limit: 10 } };
    expectProblem(await send(both), 400, 'request-malformed');
  });

  it('is decided again by an auditor as it was logged, and waits for no delivery', async () => {
    const blocks = await deliveredHistory(members.sentinel);
    const replay = new Replay({
      chaincode: 'consent-ledger',
      selects: ({ detail }) =>
        detail !== undefined &&
        detail.records.length > 1 &&
        detail.records.every(({ subjects }) => subjects.includes(subject)),
    });
    for (const block of blocks) await replay.block(block);
    const report = replay.report();
    expect(report.findings).to.deep.equal([]);
    expect(report.events).to.be.greaterThan(3);
    expect(report).to.deep.include({ denied: 0, deliveries: 0, permitsWithoutDelivery: 0, sound: true });
  });

  it('finds nothing more once the consent is withdrawn', async () => {
    const person = await registerSubject(riverside);
    const filed = await fileConsent(
      riverside,
      treatmentConsent({ subject: person, recipient: lakeside.reference }),
    );
    const consent = String(filed.json['consent']);
    const { id } = await putRecord(riverside, { subject: person, facts: { labels: ['N'] } });
    const named = { person: `slip/${await slipOf(lakeside, consent)}` };
    expect(idsOf(await search(named))).to.deep.equal([id]);
    const token = await riverside.token('clerk', ['consent-clerk']);
    await riverside.call('POST', `/v1/consents/${consent}/withdrawal`, { token, body: {} });
    expect(idsOf(await search(named))).to.deep.equal([]);
  });
});
