import { isFault, Replay, type DeliveredBlock } from '@consent-ledger/audit';
import {
  alertList,
  changesPage,
  studyCounts,
  type Alert,
  type StudyInput,
} from '@consent-ledger/chaincode/wire/http';
import { canonicalBytes } from '@consent-ledger/chaincode/wire';
import { expect } from 'chai';
import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { eventually } from '../support/eventually.js';
import { deliveredHistory } from '../support/history.js';
import type { Answer, TestMember } from './support/consortium.js';
import { events, registerSubject } from './support/people.js';
import { expectProblem } from './support/problems.js';
import { PATIENCE_MS, sharedMembers } from './support/shared.js';
import {
  chosen,
  consentTo,
  inDays,
  leave,
  participations,
  putObservation,
  putStudy,
  studyBody,
} from './support/studies.js';

const sha256 = (content: Buffer | string): Buffer => createHash('sha256').update(content).digest();

/** As site and oversight together could have written it: nobody suspended was told so, and destroyed is called kept. */
function withLies(block: DeliveredBlock): DeliveredBlock {
  const transactions = block.transactions.map((transaction) => {
    const writes = [...transaction.writes];
    const values = transaction.values.map((found) => {
      const isTold = found.key.startsWith('participation/');
      if (!isTold && !found.key.startsWith('stopping/')) return found;
      const value = JSON.parse(found.value.toString()) as object;
      const lie = canonicalBytes({ ...value, ...(isTold ? { status: 'suspended' } : { action: 'kept' }) });
      const keyHash = sha256(found.key).toString('latin1');
      const place = writes.findIndex(
        ({ collection, key }) => collection === found.collection && key === keyHash,
      );
      const write = writes[place];
      if (write !== undefined) writes[place] = { ...write, value: sha256(lie) };
      return { ...found, value: lie };
    });
    return { ...transaction, writes, values };
  });
  return { ...block, transactions };
}

describe('a clinical trial', function () {
  this.timeout(2 * PATIENCE_MS);
  let riverside: TestMember;
  let lakeside: TestMember;
  let novacure: TestMember;
  let sentinel: TestMember;

  before(async () => {
    ({ riverside, lakeside, novacure, sentinel } = await sharedMembers());
  });

  async function at(member: TestMember, path: string): Promise<Answer> {
    const token = await member.token('manager', ['trial-manager', 'auditor']);
    const answer = await member.call('GET', path, { token });
    expect(answer.status, answer.bytes.toString()).to.equal(200);
    return answer;
  }

  async function alerts(study: string, member = novacure): Promise<Alert[]> {
    return alertList.parse((await at(member, `/v1/studies/${study}/alerts`)).json).alerts;
  }

  async function enrol(study: string, site: TestMember, subject: string, status: string): Promise<Answer> {
    const token = await site.token('clerk', ['consent-clerk']);
    return site.call('PUT', `/v1/studies/${study}/enrolments/${subject}`, { token, body: { status } });
  }

  async function ask(study: string | undefined, record: string, purpose = 'CLINTRL'): Promise<number> {
    const token = await novacure.token('scientist', ['researcher']);
    const what = { records: [record], purpose: [purpose], ...(study === undefined ? {} : { study }) };
    const body = { custodian: riverside.reference, ...what };
    return (await novacure.call('POST', '/v1/access-requests', { token, body })).status;
  }

  /** Why a record was refused, or let out, last. */
  async function reason(record: string): Promise<unknown> {
    const found = await eventually(async () => {
      const all = await events(sentinel, { record, custodian: riverside.reference });
      expect(all.length).to.be.greaterThan(0);
      return all;
    });
    return (found.at(-1)?.['records'] as { reason: string }[])[0]?.reason;
  }

  const statuses = async (study: string, member = novacure): Promise<string[]> =>
    (await participations(study, member)).map(({ status }) => status).sort();

  async function become(study: string, expected: readonly string[]): Promise<void> {
    await eventually(async () => {
      expect(await statuses(study)).to.deep.equal([...expected].sort());
    });
  }

  it('is followed from invitation to withdrawal at two sites, by pseudonyms alone', async () => {
    const study = await putStudy(novacure, studyBody({}, ['riverside', 'lakeside']));
    const [one, two, three] = [
      await registerSubject(riverside),
      await registerSubject(riverside),
      await registerSubject(lakeside),
    ];
    await eventually(async () => {
      expect((await enrol(study, riverside, one, 'invited')).status).to.equal(200);
    });
    await become(study, ['invited']);
    expectProblem(await enrol(study, riverside, one, 'active'), 409, 'participation-status-refused');
    const consent = await consentTo(study, riverside, { subject: one });
    await consentTo(study, riverside, { subject: two, choices: ['main', 'recontact'] });
    await consentTo(study, lakeside, { subject: three });
    await become(study, ['consented', 'consented', 'consented']);
    expect((await enrol(study, riverside, one, 'active')).status).to.equal(200);
    await become(study, ['active', 'consented', 'consented']);

    const { id: record } = await putObservation(riverside, one);
    expect(await ask(study, record)).to.equal(200);
    expect(await ask(undefined, record), 'for no study').to.equal(403);
    await eventually(async () => {
      expect(await reason(record)).to.equal('no-consent');
    });
    expect(await ask(study, record, 'TREAT'), 'beyond its purposes').to.equal(403);

    await leave(riverside, consent, 'destroy');
    expect(await ask(study, record), 'withdrawn').to.equal(403);
    await become(study, ['consented', 'consented', 'withdrawn']);
    const text = JSON.stringify(await participations(study, novacure));
    for (const secret of [one, two, three, consent]) expect(text).to.not.include(secret);

    const counts = await eventually(async () => {
      const said = [novacure, sentinel].map(async (member) => {
        const { total, counts: lines } = studyCounts.parse(
          (await at(member, `/v1/studies/${study}/counts`)).json,
        );
        return { total, lines };
      });
      const [sponsor, auditor] = await Promise.all(said);
      expect(sponsor).to.deep.equal(auditor);
      return sponsor;
    });
    expect(counts?.total).to.equal(3);
    const own = await participations(study, riverside);
    expect(own.map(({ site }) => site)).to.deep.equal([riverside.reference, riverside.reference]);
  });

  it('has changes from any cursor on, and as they come', async () => {
    const study = await putStudy(novacure);
    const token = await novacure.token('manager', ['trial-manager']);
    const stream = new AbortController();
    const { Agent, request } = await import('undici');
    const { readFileSync } = await import('node:fs');
    const own = novacure.configuration.members.find(({ mspId }) => mspId === novacure.mspId);
    const dispatcher = new Agent({ connect: { ca: readFileSync(own?.tlsCa ?? '') } });
    const listening = await request(new URL(`/v1/studies/${study}/changes`, novacure.url), {
      dispatcher,
      signal: stream.signal,
      headers: { authorization: `Bearer ${token}`, accept: 'text/event-stream' },
    });
    let heard = '';
    const hearing = (async () => {
      for await (const chunk of listening.body as AsyncIterable<Buffer>) heard += chunk.toString();
    })().catch(() => undefined);
    const subject = await registerSubject(riverside);
    const consent = await consentTo(study, riverside, { subject });
    await become(study, ['consented']);
    const first = changesPage.parse((await at(novacure, `/v1/studies/${study}/changes`)).json);
    expect(first.changes.map(({ status }) => status)).to.deep.equal(['consented']);
    await leave(riverside, consent);
    await become(study, ['withdrawn']);
    const later = await at(novacure, `/v1/studies/${study}/changes?after=${first.next ?? ''}`);
    expect(changesPage.parse(later.json).changes.map(({ status }) => status)).to.deep.equal(['withdrawn']);
    await eventually(() => {
      expect(heard.match(/"status":"(\w+)"/g)).to.deep.equal([
        '"status":"consented"',
        '"status":"withdrawn"',
      ]);
      return Promise.resolve();
    });
    stream.abort();
    await hearing;
    await dispatcher.destroy();
  });

  it('stops by itself when the time to consent again is over, and goes on with the new consent', async () => {
    const study = await putStudy(novacure);
    const subject = await registerSubject(riverside);
    await consentTo(study, riverside, { subject });
    await become(study, ['consented']);
    const { id: record } = await putObservation(riverside, subject);
    const [first] = studyBody().terms.protocols;
    const from = inDays(-2);
    const second = (deadline: string): StudyInput['terms']['protocols'] => [
      ...(first === undefined ? [] : [first]),
      { version: '2', digest: first?.digest ?? '', from, consent: 'needed', deadline },
    ];
    await putStudy(novacure, studyBody({ protocols: second(inDays(1)) }), study);
    await become(study, ['reconsent-due']);
    expect((await alerts(study)).map(({ kind, count }) => [kind, count])).to.deep.equal([
      ['reconsent-due', 1],
    ]);
    expect(await ask(study, record)).to.equal(200);
    await putStudy(novacure, studyBody({ protocols: second(inDays(-1)) }), study);
    await become(study, ['reconsent-overdue']);
    expect(await ask(study, record)).to.equal(403);
    await eventually(async () => {
      expect(await reason(record)).to.equal('reconsent-overdue');
    });
    await consentTo(study, riverside, { subject, protocol: '2' });
    await become(study, ['consented']);
    expect(await ask(study, record)).to.equal(200);

    const approval = { reference: 'EC-17', start: '2026-01-01', end: inDays(-1).slice(0, 10) };
    await putStudy(novacure, studyBody({ protocols: second(inDays(-1)), approval }), study);
    expect((await alerts(study)).map(({ kind }) => kind)).to.deep.equal(['approval-expired']);
    expect(await ask(study, record)).to.equal(403);
    await eventually(async () => {
      expect(await reason(record)).to.equal('study-not-in-force');
    });
  });

  it('has its withdrawals acknowledged, and shows the auditor those that are not', async () => {
    const study = await putStudy(novacure);
    const consent = await consentTo(study, riverside, { subject: await registerSubject(riverside) });
    await become(study, ['consented']);
    await leave(riverside, consent, 'destroy');
    await become(study, ['withdrawn']);
    const [task] = await alerts(study);
    expect(task).to.deep.include({ kind: 'stop-due', site: riverside.reference, collected: 'destroy' });
    await eventually(async () => {
      expect(await alerts(study, sentinel)).to.deep.equal([task]);
    });
    const token = await novacure.token('manager', ['trial-manager']);
    const body = {
      site: riverside.reference,
      person: task?.person,
      action: 'destroyed',
      on: new Date().toISOString(),
    };
    const said = await novacure.call('POST', `/v1/studies/${study}/stops`, { token, body });
    expect(said.status, said.bytes.toString()).to.equal(201);
    expect(await alerts(study)).to.deep.equal([]);
    await eventually(async () => {
      expect(await alerts(study, sentinel)).to.deep.equal([]);
    });
    expectProblem(
      await novacure.call('POST', `/v1/studies/${study}/stops`, { token, body }),
      409,
      'stop-already-acknowledged',
    );
  });

  it('is recorded for its sponsor also when the site was killed in between', async () => {
    const study = await putStudy(novacure);
    const subjects = await Promise.all([1, 2, 3].map(() => registerSubject(riverside)));
    for (const subject of subjects) await consentTo(study, riverside, { subject });
    await riverside.process.stop('SIGKILL');
    await riverside.start();
    await become(study, ['consented', 'consented', 'consented']);
  });

  it('goes into the trial master file, as CSV and as FHIR', async () => {
    const study = await putStudy(novacure);
    await consentTo(study, riverside, { subject: await registerSubject(riverside) });
    await become(study, ['consented']);
    const [line] = await participations(study, novacure);
    const csv = (await at(novacure, `/v1/studies/${study}/export`)).bytes.toString();
    expect(csv.split('\r\n')).to.have.length(3);
    expect(csv).to.include(`${study},${riverside.reference},p:${line?.person ?? ''},consented,1,witnessed,`);
    const bundle = (await at(novacure, `/v1/studies/${study}/export?format=fhir`)).json;
    const resources = (bundle['entry'] as { resource: Record<string, unknown> }[]).map(
      ({ resource }) => resource,
    );
    expect(resources.map(({ resourceType }) => resourceType)).to.deep.equal([
      'ResearchStudy',
      'ResearchSubject',
    ]);
    expect(resources[1]).to.deep.include({
      status: 'pending-on-study',
      study: { reference: `ResearchStudy/${study}` },
    });
  });

  it('is replayed: what the sponsor was told is what the custody said, and a lie shows', async () => {
    const blocks = await deliveredHistory(sentinel);
    const sound = new Replay({ chaincode: 'consent-ledger' });
    for (const block of blocks) await sound.block(block);
    const report = sound.report();
    expect(report.findings.filter(isFault)).to.deep.equal([]);
    expect(report.permitted).to.be.greaterThan(2);
    const lied = new Replay({ chaincode: 'consent-ledger' });
    for (const block of blocks) await lied.block(withLies(block));
    const rules = new Set(lied.report().findings.map(({ rule }) => rule));
    expect(rules).to.include('participation-differs').and.include('stop-not-authentic');
  });

  it('is done with what it has recorded: nothing of it is tried again', async () => {
    for (const site of [riverside, lakeside])
      await eventually(() => {
        const queue = new DatabaseSync(join(site.configuration.dataDirectory, 'participation-queue.db'), {
          readOnly: true,
        });
        const waiting = queue.prepare('SELECT attempts FROM waiting WHERE due IS NOT NULL').all();
        queue.close();
        expect(waiting).to.deep.equal([]);
      });
  });

  it('lets no one in whom it does not concern', async () => {
    const study = await putStudy(novacure);
    const clerk = await riverside.token('clerk', ['consent-clerk']);
    const doctor = await riverside.token('doctor', ['practitioner']);
    const counts = `/v1/studies/${study}/counts`;
    expectProblem(await riverside.call('GET', counts, { token: doctor }), 403, 'role-missing');
    expectProblem(
      await riverside.call('PUT', `/v1/studies/${study}`, { token: clerk, body: studyBody() }),
      405,
      'method-not-allowed',
    );
    const lakesideClerk = await lakeside.token('clerk', ['consent-clerk']);
    const body = chosen({ subject: await registerSubject(riverside) });
    const elsewhere = await eventually(() =>
      lakeside.call('POST', `/v1/studies/${study}/consent-forms`, { token: lakesideClerk, body }),
    );
    expectProblem(elsewhere, 404, 'study-unknown');
    const seen = (await at(lakeside, `/v1/studies/${study}`)).json;
    expect(seen['terms']).to.deep.equal([]);
  });
});
