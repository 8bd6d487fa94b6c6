import { custodiesAsOf, Replay, withConsent, type ChangedAccess } from '@consent-ledger/audit';
import { compileConsent } from '@consent-ledger/chaincode/domain';
import {
  cdsCards,
  checksAnswered,
  notificationList,
  type CheckAnswer,
} from '@consent-ledger/chaincode/wire/http';
import { memberLayout } from '@consent-ledger/network';
import { expect } from 'chai';
import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import { runCli } from '../support/cli.js';
import { eventually } from '../support/eventually.js';
import { deliveredHistory } from '../support/history.js';
import { temporaryFolder } from '../support/temporary.js';
import { signing } from './support/agreements.js';
import type { Answer, TestMember } from './support/consortium.js';
import { events, fileConsent, putRecord, registerSubject, treatmentConsent } from './support/people.js';
import { expectProblem } from './support/problems.js';
import { PATIENCE_MS, sharedConsortium, sharedMembers } from './support/shared.js';
import {
  atBasis,
  basesAbout,
  newPrivateBasis,
  proposeAbout,
  subjectBasisBody,
  type BasisPlace,
} from './support/subject-bases.js';

const EXTENSION = 'urn:consent-ledger:legal-basis';

describe('a legal basis about one patient', function () {
  this.timeout(2 * PATIENCE_MS);
  const work = temporaryFolder();
  let riverside: TestMember;
  let lakeside: TestMember;
  let novacure: TestMember;
  let sentinel: TestMember;
  let place: BasisPlace;
  let record: string;
  let asked: number;

  before(async () => {
    ({ riverside, lakeside, novacure, sentinel } = await sharedMembers());
  });

  beforeEach(async () => {
    const subject = await registerSubject(riverside);
    place = { custodian: riverside, subject, id: newPrivateBasis() };
    record = (await putRecord(riverside, { subject })).id;
    asked = 0;
  });

  async function check(requester: TestMember, legalBasis?: string): Promise<CheckAnswer> {
    const token = await riverside.token('clerk', ['consent-clerk']);
    const who = { member: requester.reference, roles: ['researcher'] };
    const named = legalBasis === undefined ? {} : { legalBasis };
    const questions = [{ requester: who, purpose: ['HRESCH'], record, ...named }];
    const answer = await riverside.call('POST', '/v1/checks', { token, body: { questions } });
    expect(answer.status, answer.bytes.toString()).to.equal(200);
    const [found] = checksAnswered.parse(answer.json).checks;
    if (found === undefined) throw new Error('no answer');
    return found;
  }

  async function consulted(requester: TestMember, legalBasis: string): Promise<string> {
    const token = await riverside.token('doctor', ['practitioner']);
    const body = {
      hook: 'patient-consent-consult',
      hookInstance: randomUUID(),
      context: {
        patientId: place.subject,
        actor: [{ value: requester.reference }],
        purposeOfUse: 'HRESCH',
      },
      extension: { [EXTENSION]: legalBasis },
    };
    const answer = await riverside.call('POST', '/cds-services/patient-consent-consult', { token, body });
    expect(answer.status, answer.bytes.toString()).to.equal(200);
    return cdsCards.parse(answer.json).cards[0]?.extension.reason ?? '';
  }

  /** Asks for real; gives the reason that was logged, which is the one of the check just before. */
  async function reasonFor(requester = lakeside, named: string | null = place.id): Promise<string> {
    const checked = await check(requester, named ?? undefined);
    const token = await requester.token('scientist', ['researcher']);
    const legalBasis = named === null ? {} : { legalBasis: named };
    const body = { custodian: riverside.reference, records: [record], purpose: ['HRESCH'], ...legalBasis };
    const answer: Answer = await requester.call('POST', '/v1/access-requests', { token, body });
    expect(answer.status).to.equal(checked.outcome === 'permit' ? 200 : 403);
    asked += 1;
    const last = await eventually(async () => {
      const found = await events(sentinel, { record, custodian: riverside.reference });
      expect(found).to.have.length(asked);
      return found.at(-1);
    });
    expect(last?.['legalBasis']).to.equal(named ?? undefined);
    const [logged] = (last?.['records'] ?? []) as CheckAnswer[];
    expect(logged?.reason).to.equal(checked.reason);
    return checked.reason;
  }

  async function confirmed(proposal: string): Promise<void> {
    const answer = await atBasis(sentinel, place, 'confirmation', { proposal });
    expect(answer.status, answer.bytes.toString()).to.equal(200);
    await eventually(async () => {
      expect((await basesAbout(riverside, place))[0]?.registered?.status).to.equal('active');
    });
  }

  it('decides alike in a request, a check, CDS Hooks and a replay, from the proposal to the end', async () => {
    const { subject, id } = place;
    await fileConsent(riverside, {
      ...treatmentConsent({ subject }),
      policyRule: undefined,
      provision: { type: 'deny' },
    });
    const seen = [await reasonFor()];
    const proposal = await proposeAbout(place, sentinel, subjectBasisBody(lakeside));
    seen.push(await reasonFor());
    await confirmed(proposal);
    seen.push(await reasonFor());
    expect(await consulted(lakeside, id)).to.equal('legal-basis');
    expect((await check(lakeside, id)).explanation).to.match(/^Permitted by rule 2: /);
    seen.push(
      await reasonFor(lakeside, null),
      await reasonFor(novacure),
      await reasonFor(lakeside, `${id}x`),
    );
    expect((await atBasis(sentinel, place, 'end')).status).to.equal(200);
    await eventually(async () => {
      expect((await basesAbout(riverside, place))[0]?.registered?.status).to.equal('ended');
    });
    seen.push(await reasonFor());
    expect(await consulted(lakeside, id)).to.equal('denied-by-consent');
    expect(seen.map((reason) => reason === 'legal-basis')).to.deep.equal([
      ...[false, false, true, false, false, false, false],
    ]);

    const other = compileConsent(treatmentConsent({ subject, purpose: 'HRESCH' }));
    if (!other.ok) throw new Error('the consent is not understood');
    const changes: ChangedAccess[] = [];
    let replayed = 0;
    const replay = new Replay({
      chaincode: 'consent-ledger',
      selects: ({ event }) => event.records.some((one) => one.record === record),
      onEvent: async (event) => {
        replayed += 1;
        expect(event.findings).to.deep.equal([]);
        changes.push(...(await withConsent(event, other.policy)));
      },
    });
    for (const block of await deliveredHistory(sentinel)) await replay.block(block);
    expect(replayed).to.equal(seen.length);
    const onFile = (await custodiesAsOf(replay.world)).flatMap(({ legalBases }) => legalBases);
    expect(onFile.filter(({ basis }) => basis === id)).to.have.length(1);
    expect(onFile.find(({ basis }) => basis === id)).to.deep.include({
      subject,
      version: 2,
      status: 'ended',
    });
    expect(changes, 'what rests on the order does not rest on a consent').to.deep.equal([]);
  });

  it('is told to the patient, stands in their history, and is read by nobody else', async () => {
    const { subject, id } = place;
    await confirmed(await proposeAbout(place, sentinel, subjectBasisBody(lakeside)));
    const next = await proposeAbout(place, sentinel, subjectBasisBody(lakeside, { purposes: ['HOPERAT'] }));
    await confirmed(next);
    expect((await atBasis(riverside, place, 'end')).status).to.equal(200);
    const again = await atBasis(riverside, place, 'end');
    expect(again.status, 'again').to.equal(200);

    const [known, ...others] = await eventually(async () => {
      const found = await basesAbout(sentinel, place);
      expect(found[0]?.versions).to.have.length(3);
      return found;
    });
    expect(others).to.deep.equal([]);
    expect(known?.versions.map(({ version, status, by }) => [version, status, by])).to.deep.equal([
      [1, 'active', [riverside.reference, sentinel.reference]],
      [2, 'active', [riverside.reference, sentinel.reference]],
      [3, 'ended', [riverside.reference]],
    ]);

    const clerk = await riverside.token('clerk', ['consent-clerk']);
    const outbox = await riverside.call('GET', `/v1/subjects/${subject}/notifications`, { token: clerk });
    const { notifications } = notificationList.parse(outbox.json);
    expect(notifications.map(({ kind, about }) => [kind, about])).to.deep.equal([
      ['legal-basis-ended', id],
      ['legal-basis-registered', id],
      ['legal-basis-registered', id],
    ]);

    const { directory } = await sharedConsortium();
    const { configuration } = memberLayout(directory, 'sentinel');
    const options = ['--configuration', configuration, '--projection', join(work.path, 'audit.db'), '--json'];
    const history = await runCli(['audit', 'subject', subject, ...options], work.path);
    expect(history.code, history.stderr).to.equal(0);
    const { rows } = JSON.parse(history.stdout) as {
      rows: { what: string; reference?: string; cites?: string[] }[];
    };
    const told = rows.filter(({ reference }) => reference === id);
    expect(told.map(({ what }) => what)).to.deep.equal([
      'legal-basis-registered',
      'legal-basis-registered',
      'legal-basis-ended',
    ]);
    expect(told[0]?.cites).to.deep.equal(['45 CFR 164.512(e)(1)(i)']);

    for (const at of [lakeside, novacure]) {
      const path = `/v1/subjects/${subject}/legal-bases?custodian=${riverside.reference}`;
      expect((await signing(at, 'GET', path)).status).to.equal(404);
    }
    const general = await signing(lakeside, 'GET', '/v1/legal-bases');
    expect(general.bytes.toString()).to.not.include(id);
  });

  it('is registered by two of those who may read of the patient, one of them oversight, neither of whom gains', async () => {
    const body = subjectBasisBody(lakeside);
    for (const role of [
      'consent-clerk',
      'records-clerk',
      'practitioner',
      'consent-portal',
      'admin',
      'auditor',
    ]) {
      const token = await riverside.token('somebody', [role]);
      const path = `/v1/subjects/${place.subject}/legal-bases/${place.id}/proposal`;
      expectProblem(await riverside.call('PUT', path, { token, body }), 403, 'role-missing');
    }
    const proposal = await proposeAbout(place, sentinel, body);
    expectProblem(
      await atBasis(riverside, place, 'confirmation', { proposal }),
      403,
      'legal-basis-party-refused',
    );
    const own = subjectBasisBody(riverside);
    expectProblem(await atBasis(riverside, place, 'proposal', own), 403, 'legal-basis-party-refused');
    expectProblem(
      await atBasis(riverside, { ...place, id: 'lb-1' }, 'proposal', body),
      400,
      'parameter-malformed',
    );
    expectProblem(
      await signing(sentinel, 'PUT', `/v1/legal-bases/${place.id}/proposal`, {
        requester: lakeside.reference,
        purposes: ['PUBHLTH'],
        cites: ['45 CFR 164.512(b)(1)(i)'],
        jurisdiction: 'US',
      }),
      400,
      'parameter-malformed',
    );
    const { period, ...endless } = body;
    expect(period.end).to.equal('2100');
    expectProblem(await atBasis(riverside, place, 'proposal', endless), 400, 'body-malformed');
    expect((await atBasis(sentinel, place, 'refusal')).status).to.equal(200);
    expectProblem(
      await atBasis(sentinel, place, 'confirmation', { proposal }),
      409,
      'legal-basis-not-proposed',
    );
    const nobody = { ...place, subject: 'nobody' };
    expectProblem(await atBasis(riverside, nobody, 'proposal', body), 404, 'subject-unknown');
  });
});
