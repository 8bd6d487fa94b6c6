import {
  registeredAsOf,
  Replay,
  withConsent,
  type ChangedAccess,
  type ReplayedEvent,
} from '@consent-ledger/audit';
import { compileConsent } from '@consent-ledger/chaincode/domain';
import { checksAnswered, type CheckAnswer } from '@consent-ledger/chaincode/wire/http';
import { expect } from 'chai';
import { randomUUID } from 'node:crypto';
import { eventually } from '../support/eventually.js';
import { deliveredHistory } from '../support/history.js';
import {
  agreementBetween,
  agreementBody,
  agreeOn,
  legalBasisAt,
  legalBasisBody,
  proposeBasis,
  proposeTo,
  registerBasis,
  signing,
} from './support/agreements.js';
import type { Answer, TestMember } from './support/consortium.js';
import { events, fileConsent, putRecord, registerSubject, treatmentConsent } from './support/people.js';
import { expectProblem } from './support/problems.js';
import { AGREEMENT_PURPOSE, PATIENCE_MS, sharedMembers } from './support/shared.js';
import { consentTo, putStudy } from './support/studies.js';

interface Asked {
  readonly purpose: string;
  readonly legalBasis?: string;
  readonly study?: string;
}

describe('agreements between members and legal bases', function () {
  this.timeout(2 * PATIENCE_MS);
  let riverside: TestMember;
  let lakeside: TestMember;
  let novacure: TestMember;
  let sentinel: TestMember;

  before(async () => {
    ({ riverside, lakeside, novacure, sentinel } = await sharedMembers());
  });

  /** Of the last event about the record, as oversight's own projection has it. */
  async function logged(record: string, count: number): Promise<CheckAnswer> {
    const all = await eventually(async () => {
      const found = await events(sentinel, { record, custodian: riverside.reference });
      expect(found).to.have.length(count);
      return found;
    });
    const [last] = (all.at(-1)?.['records'] ?? []) as CheckAnswer[];
    if (last === undefined) throw new Error('an event without records');
    return last;
  }

  async function check(record: string, requester: TestMember, asked: Asked): Promise<CheckAnswer> {
    const { purpose, ...more } = asked;
    const token = await riverside.token('clerk', ['consent-clerk']);
    const who = { member: requester.reference, roles: ['researcher'] };
    const questions = [{ requester: who, purpose: [purpose], record, ...more }];
    const answer = await riverside.call('POST', '/v1/checks', { token, body: { questions } });
    expect(answer.status, answer.bytes.toString()).to.equal(200);
    const [found] = checksAnswered.parse(answer.json).checks;
    if (found === undefined) throw new Error('no answer');
    return found;
  }

  async function request(record: string, requester: TestMember, asked: Asked): Promise<Answer> {
    const { purpose, ...more } = asked;
    const token = await requester.token('scientist', ['researcher']);
    const body = { custodian: riverside.reference, records: [record], purpose: [purpose], ...more };
    return requester.call('POST', '/v1/access-requests', { token, body });
  }

  /** Asks for real, and has the check that was made just before say the very same; gives the reason. */
  function asker(record: string, requester = lakeside): (asked: Asked) => Promise<string> {
    let count = 0;
    return async (asked) => {
      const checked = await check(record, requester, asked);
      const answer = await request(record, requester, asked);
      count += 1;
      const { outcome, reason, basis, obligations } = await logged(record, count);
      expect(checked, JSON.stringify(asked)).to.deep.include({ outcome, reason, basis, obligations });
      // What is permitted to a study's sponsor leaves pseudonymised or not at all, which is another question (studies.test.ts).
      if (outcome === 'deny') expect(answer.status).to.equal(403);
      else if (asked.study === undefined) expect(answer.status).to.equal(200);
      return reason;
    };
  }

  /** Decides again what was logged of the record, as oversight's peer has it, and finds nothing; gives how many events there are. */
  async function replayed(
    record: string,
    onEvent: (event: ReplayedEvent) => Promise<void> = () => Promise.resolve(),
  ): Promise<number> {
    let count = 0;
    const replay = new Replay({
      chaincode: 'consent-ledger',
      selects: ({ event }) => event.records.some((one) => one.record === record),
      onEvent: async (event) => {
        count += 1;
        expect(event.findings).to.deep.equal([]);
        await onEvent(event);
      },
    });
    for (const block of await deliveredHistory(sentinel)) await replay.block(block);
    return count;
  }

  async function consenting(purpose: string): Promise<string> {
    const subject = await registerSubject(riverside);
    const { id } = await putRecord(riverside, { subject });
    const filed = await fileConsent(riverside, treatmentConsent({ subject, purpose }));
    expect(filed.status, filed.bytes.toString()).to.equal(201);
    return id;
  }

  it('decide alike in the chaincode, in a check and in a replay, from the first proposal to the end', async () => {
    const record = await consenting(AGREEMENT_PURPOSE);
    const reasonFor = asker(record);
    const asked = { purpose: AGREEMENT_PURPOSE };
    const seen = [await reasonFor(asked)];
    const proposal = await proposeTo(riverside, lakeside, agreementBody({ purposes: [AGREEMENT_PURPOSE] }));
    seen.push(await reasonFor(asked));
    const accept = (at: TestMember, other: TestMember): Promise<Answer> =>
      signing(at, 'POST', `/v1/agreements/${other.name}/acceptance`, { proposal });
    expectProblem(await accept(riverside, lakeside), 409, 'agreement-not-proposed');
    expect((await accept(lakeside, riverside)).status).to.equal(200);
    await eventually(async () => {
      expect((await agreementBetween(riverside, riverside, lakeside))?.agreed?.status).to.equal('active');
    });
    seen.push(await reasonFor(asked));
    const ended = await signing(riverside, 'POST', '/v1/agreements/lakeside/end');
    expect(ended.status).to.equal(200);
    seen.push(await reasonFor(asked));
    expect(seen).to.deep.equal([
      'agreement-missing',
      'agreement-missing',
      'permitted-by-consent',
      'agreement-missing',
    ]);
    expect(await replayed(record)).to.equal(4);
  });

  it('let nothing through that an end was ordered before, in the very block that it is in', async () => {
    const record = await consenting(AGREEMENT_PURPOSE);
    await agreeOn(lakeside, riverside, agreementBody({ purposes: [AGREEMENT_PURPOSE] }));
    const asked = { purpose: AGREEMENT_PURPOSE };
    const [ended, ...answers] = await Promise.all([
      signing(riverside, 'POST', '/v1/agreements/lakeside/end'),
      ...[1, 2, 3, 4].map(() => request(record, lakeside, asked)),
    ]);
    expect(ended.status).to.equal(200);
    for (const { status } of answers) expect(status).to.be.oneOf([200, 403]);
    const { block } = ended.json as { block: number };
    const found = await eventually(async () => {
      const all = await events(sentinel, { record, custodian: riverside.reference });
      expect(all).to.have.length(4);
      return all;
    });
    const late = found.filter((one) => Number(one['block']) > block);
    for (const one of late)
      expect((one['records'] as CheckAnswer[])[0]?.reason).to.equal('agreement-missing');
    expect(await replayed(record)).to.equal(4);
  });

  it('give a member what no consent gives it, on a legal basis that two others registered, and no longer', async () => {
    const record = await consenting('TREAT');
    const { id: sensitive } = await putRecord(riverside, {
      subject: await registerSubject(riverside),
      facts: { labels: ['HIV'] },
    });
    const reasonFor = asker(record);
    const { id, proposal } = await proposeBasis(sentinel, riverside, legalBasisBody(lakeside));
    const asked = { purpose: 'PUBHLTH', legalBasis: id };
    const without = await reasonFor(asked);
    const confirm = (at: TestMember): Promise<Answer> =>
      signing(at, 'POST', `/v1/legal-bases/${id}/confirmation`, { proposal });
    await eventually(async () => {
      expect((await legalBasisAt(lakeside, id))?.proposed).to.not.equal(undefined);
    });
    for (const at of [lakeside, sentinel]) expectProblem(await confirm(at), 403, 'legal-basis-party-refused');
    expect((await confirm(riverside)).status).to.equal(200);
    expect(await reasonFor(asked)).to.equal('legal-basis');
    expect(await reasonFor({ purpose: 'PUBHLTH' }), 'not named').to.equal(without);
    expect(await reasonFor({ ...asked, purpose: 'HRESCH' }), 'for another purpose').to.not.equal(
      'legal-basis',
    );
    expect(await asker(sensitive)(asked), 'with a sensitivity that it does not name').to.not.equal(
      'legal-basis',
    );
    const end = await signing(sentinel, 'POST', `/v1/legal-bases/${id}/end`);
    expect(end.status, end.bytes.toString()).to.equal(200);
    await eventually(async () => {
      expect((await legalBasisAt(riverside, id))?.registered?.status).to.equal('ended');
    });
    expect(await reasonFor(asked)).to.equal(without);
    expect(await replayed(record)).to.equal(5);
  });

  it('stand in a replay as they stood then, also where it asks what another consent would have changed', async () => {
    const subject = await registerSubject(riverside);
    const { id: record } = await putRecord(riverside, { subject });
    await agreeOn(riverside, lakeside, agreementBody({ purposes: [AGREEMENT_PURPOSE] }));
    const reasonFor = asker(record);
    const before = await reasonFor({ purpose: AGREEMENT_PURPOSE });
    await signing(lakeside, 'POST', '/v1/agreements/riverside/end');
    await eventually(async () => {
      expect((await agreementBetween(riverside, riverside, lakeside))?.agreed?.status).to.equal('ended');
    });
    expect(await reasonFor({ purpose: AGREEMENT_PURPOSE })).to.equal('agreement-missing');

    const resource = { ...treatmentConsent({ subject, purpose: AGREEMENT_PURPOSE }), id: randomUUID() };
    const compiled = compileConsent(resource);
    if (!compiled.ok) throw new Error('the consent is not understood');
    const changes: ChangedAccess[] = [];
    const stood: unknown[] = [];
    await replayed(record, async (event) => {
      const { agreements } = registeredAsOf(event.world);
      const own = agreements.find(
        ({ parties }) => parties.includes(lakeside.mspId) && parties.includes(riverside.mspId),
      );
      stood.push(own?.status);
      changes.push(...(await withConsent(event, compiled.policy)));
    });
    expect(stood).to.deep.equal(['active', 'ended']);
    // With the agreement of that day the consent would have opened the first; without it, not the second.
    expect(changes.map(({ logged: was, wouldBe }) => [was.reason, wouldBe.reason])).to.deep.equal([
      [before, 'permitted-by-consent'],
    ]);
  });

  it('are checked together with a study, as a request for it is decided', async () => {
    const study = await putStudy(novacure);
    const subject = await registerSubject(riverside);
    const { id: record } = await putRecord(riverside, { subject });
    await consentTo(study, riverside, { subject });
    const reasonFor = asker(record, novacure);
    expect(await reasonFor({ purpose: 'CLINTRL', study })).to.equal('permitted-by-consent');
    expect(await reasonFor({ purpose: 'CLINTRL' }), 'for none').to.equal('no-consent');
    expect(await reasonFor({ purpose: 'CLINTRL', study: 'unheard-of' })).to.equal('study-not-known');
    expect(await reasonFor({ purpose: 'TREAT', study })).to.equal('beyond-study');
    const token = await riverside.token('clerk', ['consent-clerk']);
    for (const status of ['active', 'suspended']) {
      const path = `/v1/studies/${study}/enrolments/${subject}`;
      expect((await riverside.call('PUT', path, { token, body: { status } })).status).to.equal(200);
    }
    expect(await reasonFor({ purpose: 'CLINTRL', study })).to.equal('participation-not-active');
  });

  it('are read by all members, with every version that there was', async () => {
    const body = agreementBody({ purposes: ['HPAYMT'], period: { start: '2026', end: '2030' } });
    await agreeOn(novacure, lakeside, body);
    await agreeOn(lakeside, novacure, agreementBody({ purposes: ['HOPERAT'] }));
    await proposeTo(novacure, lakeside, agreementBody({ purposes: ['TREAT'] }));
    const known = await eventually(async () => {
      const found = await agreementBetween(riverside, novacure, lakeside);
      expect(found?.proposed).to.not.equal(undefined);
      return found;
    });
    expect(known?.members).to.have.members([lakeside.reference, novacure.reference]);
    expect(known?.agreed).to.deep.include({ version: 2, status: 'active', purposes: ['HOPERAT'] });
    expect(known?.versions.map(({ version, purposes, by }) => [version, purposes, by])).to.deep.equal([
      [1, ['HPAYMT'], [novacure.reference, lakeside.reference]],
      [2, ['HOPERAT'], [lakeside.reference, novacure.reference]],
    ]);
    expect(known?.versions[0]?.period).to.deep.equal(body.period);
    expect(known?.proposed).to.deep.include({ version: 3, by: novacure.reference, purposes: ['TREAT'] });
    const dropped = await signing(lakeside, 'POST', '/v1/agreements/novacure/refusal');
    expect(dropped.json['proposed']).to.equal(undefined);
  });

  it('are for who speaks for a member, and say what is wrong with what is stated', async () => {
    const put = async (member: TestMember, path: string, body: object, role: string): Promise<Answer> =>
      member.call('PUT', path, { token: await member.token('somebody', [role]), body });
    const path = '/v1/agreements/lakeside/proposal';
    for (const role of ['auditor', 'admin', 'consent-clerk'])
      expectProblem(await put(riverside, path, agreementBody(), role), 403, 'role-missing');
    expectProblem(
      await put(riverside, path, agreementBody({ purposes: ['FUN'] }), 'privacy-officer'),
      422,
      'agreement-terms-refused',
    );
    const nobody = '/v1/agreements/nobody/proposal';
    expectProblem(await put(riverside, nobody, agreementBody(), 'privacy-officer'), 404, 'member-unknown');
    const own = '/v1/agreements/riverside/proposal';
    expectProblem(
      await put(riverside, own, agreementBody(), 'privacy-officer'),
      422,
      'agreement-party-refused',
    );
    const basis = '/v1/legal-bases/lb-mine/proposal';
    expectProblem(
      await put(riverside, basis, legalBasisBody(lakeside), 'privacy-officer'),
      403,
      'caller-not-allowed',
    );
    expectProblem(
      await put(sentinel, basis, legalBasisBody(lakeside, { labels: ['N'] }), 'auditor'),
      422,
      'legal-basis-terms-refused',
    );
    const id = await registerBasis(sentinel, riverside, legalBasisBody(lakeside));
    expectProblem(
      await signing(lakeside, 'POST', `/v1/legal-bases/${id}/end`),
      403,
      'legal-basis-party-refused',
    );
  });
});
