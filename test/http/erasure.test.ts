import { Replay, verifyBundle, writeBundle, type Evidence, type ReplayReport } from '@consent-ledger/audit';
import { custodyCollection, withdrawalCollection } from '@consent-ledger/chaincode/wire';
import { erasureRecorded, slipPage, slipVerification } from '@consent-ledger/chaincode/wire/http';
import { judgeBlocks } from '@consent-ledger/network/embedded/verification/block-judge';
import { expect } from 'chai';
import { randomUUID } from 'node:crypto';
import { cpSync, existsSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { deliveredBlocks, deliveredHistory } from '../support/history.js';
import { newAppKey } from '../support/signers.js';
import { startConsortium, type Answer, type TestConsortium, type TestMember } from './support/consortium.js';
import { registerKey } from './support/evidence.js';
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
import { signing } from './support/agreements.js';
import { PATIENCE_MS } from './support/shared.js';
import { newPrivateBasis, proposeAbout, registerAbout, subjectBasisBody } from './support/subject-bases.js';

const CASE = { ground: 'objection', reference: 'case-17' } as const;

interface Patient {
  readonly subject: string;
  readonly record: string;
  readonly consent: string;
  /** In the record's facts, and nowhere else. */
  readonly mark: string;
}

describe('a subject is erased', function () {
  this.timeout(2 * PATIENCE_MS);
  let consortium: TestConsortium;
  let riverside: TestMember;
  let lakeside: TestMember;
  let sentinel: TestMember;

  before(async () => {
    consortium = await startConsortium();
    riverside = consortium.member('riverside');
    lakeside = consortium.member('lakeside');
    sentinel = consortium.member('sentinel');
  });

  after(() => consortium.stop());

  /** A patient with a record that Lakeside has had, a consent, a key, and one that was withdrawn. */
  async function patient(): Promise<Patient> {
    const subject = await registerSubject(riverside);
    const mark = `mark-${randomUUID()}`;
    const facts = { labels: [], codes: [{ system: 'urn:example:marks', code: mark }] };
    const { id: record } = await putRecord(riverside, { subject, facts });
    const terms = { subject, recipient: lakeside.reference };
    const consent = String((await fileConsent(riverside, treatmentConsent(terms))).json['consent']);
    const other = await fileConsent(riverside, treatmentConsent({ ...terms, purpose: 'HRESCH' }));
    expect((await withdraw(riverside, String(other.json['consent']))).status).to.equal(200);
    expect((await registerKey(riverside, subject, newAppKey())).status).to.equal(201);
    expect((await ask(lakeside, riverside, [record])).status).to.equal(200);
    return { subject, record, consent, mark };
  }

  async function erase(subject: string, body: object = CASE, role = 'privacy-officer'): Promise<Answer> {
    const token = await riverside.token('officer', [role]);
    return riverside.call('POST', `/v1/subjects/${subject}/erasure`, { token, body });
  }

  async function erasureAt(member: TestMember, subject: string): Promise<Answer> {
    const token = await member.token('auditor', ['auditor']);
    const query = member === riverside ? '' : `?custodian=${riverside.reference}`;
    return member.call('GET', `/v1/subjects/${subject}/erasure${query}`, { token });
  }

  const data = (member: TestMember, path = ''): string => join(member.configuration.dataDirectory, path);

  /** Files of a member's gateway that hold a text, whoever made them. */
  function holding(member: TestMember, text: string): string[] {
    return readdirSync(data(member), { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map(({ parentPath, name }) => join(parentPath, name))
      .filter((file) => existsSync(file) && readFileSync(file).includes(text))
      .map((file) => file.slice(data(member).length + 1));
  }

  function ciphertexts(): string[] {
    return readdirSync(data(riverside, 'records'), { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map(({ name }) => name)
      .sort();
  }

  async function until(holds: () => Promise<boolean> | boolean, what: string): Promise<void> {
    const deadline = Date.now() + 60_000;
    while (!(await holds())) {
      if (Date.now() > deadline) throw new Error(`it did not come about: ${what}`);
      await sleep(50);
    }
  }

  /** Nothing of the patient can be read, anywhere, by anybody; what was done is still told. */
  async function expectErased({ subject, record, consent, mark }: Patient): Promise<void> {
    const never = await ask(lakeside, riverside, [randomUUID()]);
    const gone = await ask(lakeside, riverside, [record]);
    expect([gone.status, gone.json['code'], gone.json['detail'], gone.bytes.length]).to.deep.equal([
      never.status,
      never.json['code'],
      never.json['detail'],
      never.bytes.length,
    ]);
    const token = await riverside.token('clerk', ['consent-clerk']);
    expectProblem(await riverside.call('GET', `/v1/consents/${consent}`, { token }), 404, 'consent-unknown');
    expect(holding(riverside, mark)).to.deep.equal([]);
    await until(() => holding(sentinel, mark).length === 0, 'gone from the auditor’s projection');
    const told = erasureRecorded.parse((await erasureAt(riverside, subject)).json);
    expect(told).to.include({ subject, ...CASE, remaining: 0 });
    await until(
      async () => (await erasureAt(sentinel, subject)).status === 200,
      'the auditor has the tombstone',
    );
    expect((await erasureAt(sentinel, subject)).json).to.deep.equal(told);
    const logged = await events(riverside, { subject });
    expect(logged.some((event) => JSON.stringify(event).includes(record))).to.equal(true);
  }

  async function replayed(): Promise<ReplayReport> {
    const replay = new Replay({ chaincode: 'consent-ledger' });
    for (const block of await deliveredHistory(sentinel)) await replay.block(block);
    return replay.report();
  }

  /** What a bundle of the whole history proves. */
  async function proved(): Promise<Evidence> {
    const { id: ledger, chaincode } = sentinel.configuration.ledger;
    const collections = [riverside, lakeside].flatMap(({ mspId }) => [
      custodyCollection(mspId),
      withdrawalCollection(mspId),
    ]);
    const blocks = await deliveredBlocks(sentinel);
    const source = (async function* () {
      yield* await Promise.resolve(blocks);
    })();
    const lines: string[] = [];
    for await (const line of writeBundle({ ledger, chaincode, collections, about: {} }, source))
      lines.push(line.slice(0, -1));
    const judges: { close(): void }[] = [];
    try {
      return await verifyBundle(lines, {
        ledger,
        judge: (genesis) => {
          const judge = judgeBlocks(genesis);
          judges.push(judge);
          return judge;
        },
      });
    } finally {
      for (const judge of judges) judge.close();
    }
  }

  it('with a ground and a reference, by a privacy officer alone, and then as if they had never been', async () => {
    const erased = await patient();
    const order = { custodian: riverside, subject: erased.subject, id: newPrivateBasis() };
    await registerAbout(order, sentinel, subjectBasisBody(lakeside));
    await proposeAbout({ ...order, id: `${order.id}-2` }, sentinel, subjectBasisBody(lakeside));
    const before = ciphertexts();
    const { id: others } = await putRecord(riverside, { subject: await registerSubject(riverside) });
    for (const role of [
      'records-clerk',
      'consent-clerk',
      'consent-portal',
      'auditor',
      'admin',
      'practitioner',
    ])
      expectProblem(await erase(erased.subject, CASE, role), 403, 'role-missing');
    expectProblem(await erase(erased.subject, { ground: 'objection' }), 400, 'body-malformed');
    expectProblem(await erase(erased.subject, { ...CASE, ground: 'because' }), 400, 'body-malformed');
    expectProblem(await erase(erased.subject, { ...CASE, reference: 'Jane Doe' }), 400, 'body-malformed');
    expectProblem(await erase(randomUUID()), 404, 'subject-unknown');
    expectProblem(await erasureAt(riverside, erased.subject), 404, 'not-found');

    const done = await erase(erased.subject);
    expect(done.status, done.bytes.toString()).to.equal(201);
    await expectErased(erased);
    expect(holding(riverside, order.id)).to.deep.equal([]);
    await until(
      () => holding(sentinel, order.id).length === 0,
      'the order is gone from the auditor’s projection',
    );
    const orders = await signing(riverside, 'GET', `/v1/subjects/${erased.subject}/legal-bases`);
    expectProblem(orders, 404, 'subject-unknown');
    expect(ciphertexts()).to.have.length(before.length);
    expect(ciphertexts().filter((name) => before.includes(name))).to.deep.equal([]);
    const again = await erase(erased.subject, { ground: 'legal-obligation', reference: 'other' });
    expect([again.status, again.json]).to.deep.equal([200, done.json]);

    expectProblem(await putRecord(riverside, { subject: erased.subject }), 410, 'subject-erased');
    const subject = await registerSubject(riverside);
    expectProblem(await putRecord(riverside, { subject, id: erased.record }), 410, 'record-erased');
    const filed = await fileConsent(riverside, treatmentConsent({ subject: erased.subject }));
    expectProblem(filed, 410, 'subject-erased');
    const own = await riverside.token('doctor', ['practitioner']);
    expectProblem(
      await riverside.call('GET', `/v1/records/${others}?purpose=TREAT`, { token: own }),
      403,
      'access-denied',
    );
  });

  it('and the slips that others have of their consents are purged', async () => {
    const erased = await patient();
    const token = await lakeside.token('auditor', ['auditor', 'consent-clerk']);
    const slips = async (): Promise<string[]> =>
      slipPage
        .parse((await lakeside.call('GET', '/v1/slips?limit=200', { token })).json)
        .slips.filter(({ consent }) => consent === erased.consent)
        .map(({ slip }) => slip);
    await until(async () => (await slips()).length === 1, 'the slip arrived');
    const [slip = ''] = await slips();
    const status = async (): Promise<string> =>
      slipVerification.parse((await lakeside.call('GET', `/v1/slips/${slip}/verification`, { token })).json)
        .status;
    expect(await status()).to.equal('current');
    expect((await erase(erased.subject)).status).to.equal(201);
    await until(async () => (await status()) === 'purged', 'the slip is purged');
    await until(() => holding(lakeside, erased.consent).length === 0, 'its text is gone from Lakeside');
  });

  it('while the history still verifies, and a replay says at which block what it lacks was purged', async () => {
    const report = await replayed();
    expect(report.sound).to.equal(true);
    const gaps = report.findings.filter(({ rule }) => rule === 'not-re-decidable');
    expect(gaps.length).to.be.greaterThan(0);
    for (const { explanation } of gaps) expect(explanation).to.match(/ was purged at block \d+$/);
    expect(report.findings.filter(({ rule }) => rule !== 'not-re-decidable')).to.deep.equal([]);
    const evidence = await proved();
    expect(evidence.purged).to.be.greaterThan(10);
    expect(evidence.replay.sound).to.equal(true);
  });

  it('also where the gateway dies over it, at any moment', async () => {
    for (const milliseconds of [20, 200]) {
      const erased = await patient();
      const sent = erase(erased.subject).catch(() => undefined);
      await sleep(milliseconds);
      await riverside.process.stop('SIGKILL');
      await sent;
      await riverside.start();
      // Before its transaction was sent nothing is erased, and it is asked for again; after that, nobody needs to.
      const answer = await erase(erased.subject);
      expect(answer.status, answer.bytes.toString()).to.be.oneOf([200, 201]);
      await expectErased(erased);
    }
  });

  it('and stays so when an older backup brings keys, records and addresses back', async () => {
    const erased = await patient();
    const names = ['keys/vault.db', 'records', 'notifications.db', 'projection.db'];
    await riverside.process.stop('SIGTERM');
    const backup = join(consortium.directory, 'backup');
    for (const name of names) cpSync(data(riverside, name), join(backup, name), { recursive: true });
    await riverside.start();
    expect((await erase(erased.subject)).status).to.equal(201);
    const after = ciphertexts();
    await riverside.process.stop('SIGTERM');
    for (const name of names) {
      for (const suffix of ['', '-wal', '-shm'])
        rmSync(data(riverside, name) + suffix, { force: true, recursive: true });
      cpSync(join(backup, name), data(riverside, name), { recursive: true });
    }
    expect(holding(riverside, erased.mark)).to.not.deep.equal([]);
    await riverside.start();
    const told = (): string[] =>
      riverside.process.lines.filter((line) => line.includes('"erasure.keys-found"'));
    await until(() => told().length > 0, 'the key that came back is noticed');
    const found = told();
    expect(found).to.have.length(1);
    expect(JSON.parse(found[0] ?? '')).to.include({ level: 'error', count: 1 });
    await until(() => ciphertexts().join() === after.join(), 'the records that came back are gone');
    await expectErased(erased);
  });
});
