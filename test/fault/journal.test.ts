import { randomBytes } from 'node:crypto';
import { Replay } from '@consent-ledger/audit';
import {
  JOURNAL_TYP,
  journalClaims,
  openCompactJws,
  sha256,
  type JournalClaims,
} from '@consent-ledger/chaincode/wire';
import {
  emergencyPage,
  journalFindingList,
  journalKeys,
  journalPage,
  type JournalPage,
} from '@consent-ledger/chaincode/wire/http';
import { expect } from 'chai';
import {
  startConsortium,
  type Answer,
  type TestConsortium,
  type TestMember,
} from '../http/support/consortium.js';
import { events, putRecord, registerSubject } from '../http/support/people.js';
import { expectProblem } from '../http/support/problems.js';
import { claimsOf, framesOf, signedBy } from '../http/support/requests.js';
import { eventually } from '../support/eventually.js';
import { diceOf, FAULT_SEED } from '../support/fault/dice.js';
import { deliveredHistory, privateHistory } from '../support/history.js';
import { FaultyMember } from '../support/release-faults/faulty-member.js';
import { nameOf, type Boundary } from '../support/release-faults/plan.js';

const SHORT = 1;
const RUNS = Number(process.env['CONSENT_LEDGER_FAULT_RUNS'] ?? SHORT);
const PATIENCE = { withinMs: 60_000 };
const PHYSICIAN = ['practitioner', 'emergency-physician'];
const CONTENT = randomBytes(300_000);

type Side = 'custodian' | 'requester';
const at = (
  side: Side,
  port: Boundary['port'],
  method: string,
  when: Boundary['when'],
): Boundary & { side: Side } => ({ side, port, method, when });

/** Wherever something is signed, kept or sent while the ledger is away. */
const RELEASING = [
  at('custodian', 'journal', 'append', 'before'),
  at('custodian', 'journal', 'append', 'after'),
  at('custodian', 'journal', 'countersign', 'before'),
  at('custodian', 'journal', 'countersign', 'after'),
  at('requester', 'journal', 'append', 'before'),
  at('requester', 'journal', 'append', 'after'),
  at('requester', 'peers', 'sendJournalEntry', 'before'),
  at('requester', 'peers', 'sendJournalEntry', 'after'),
  at('requester', 'journal', 'settled', 'after'),
];

/** Wherever it is put on the ledger when that is back. */
const PUBLISHING = [
  at('custodian', 'outbox', 'keep', 'before'),
  at('custodian', 'outbox', 'keep', 'after'),
  at('custodian', 'ledger', 'submit', 'before'),
  at('custodian', 'ledger', 'submit', 'after'),
  at('custodian', 'journal', 'settled', 'before'),
  at('custodian', 'journal', 'settled', 'after'),
  at('custodian', 'journal', 'committed', 'before'),
  at('requester', 'ledger', 'submit', 'after'),
  at('requester', 'journal', 'committed', 'before'),
];

describe('emergencies while the ledger is out of reach', function () {
  this.timeout(300_000 + RUNS * 60_000);
  const dice = diceOf(FAULT_SEED);
  const pick = <One>(from: readonly One[]): One => {
    const one = from[dice.next(from.length)];
    if (one === undefined) throw new RangeError('nothing to pick from');
    return one;
  };
  let consortium: TestConsortium;
  let custodian: FaultyMember;
  let requester: FaultyMember;
  let riverside: TestMember;
  let lakeside: TestMember;
  let sentinel: TestMember;
  let subject: string;
  let record: string;
  /** Event keys of what was answered with the record. */
  const released = new Set<string>();
  let tried = 0;

  before(async () => {
    consortium = await startConsortium((configuration) =>
      configuration.member === 'RiversideMSP' && configuration.custody !== undefined
        ? {
            ...configuration,
            custody: {
              ...configuration.custody,
              emergencyJournal: { outOfReachSeconds: 1, withinMinutes: 60 },
            },
          }
        : configuration,
    );
    [custodian, requester] = await Promise.all([
      FaultyMember.takeOver(consortium, 'riverside'),
      FaultyMember.takeOver(consortium, 'lakeside'),
    ]);
    [riverside, lakeside] = [custodian.member, requester.member];
    sentinel = consortium.member('sentinel');
    subject = await registerSubject(riverside);
    record = (await putRecord(riverside, { subject, content: CONTENT })).id;
  });
  after(async () => {
    process.stdout.write(`\n      emergencies without a ledger: ${tried} attacked, seed ${FAULT_SEED}\n`);
    await Promise.all([custodian.stop(), requester.stop()]);
    await consortium.stop();
  });

  async function breakGlass(
    from = lakeside,
    to = riverside,
    body: object = { purpose: ['BTG'], emergency: { reason: 'unconscious' } },
  ): Promise<Answer> {
    const token = await from.token('er-doctor', PHYSICIAN, { payload: { amr: ['pwd'] } });
    const asked = { custodian: to.reference, records: [record], ...body };
    return from.call('POST', '/v1/access-requests', { token, body: asked });
  }

  /** A request in an emergency as Lakeside's gateway would sign it. */
  async function signedEmergency(changes: object = {}): Promise<{ jti: string; request: string }> {
    const claims = {
      ...claimsOf(lakeside, riverside, [record]),
      roles: PHYSICIAN,
      purpose: ['BTG'],
      emergency: { reason: 'unconscious' },
      ...changes,
    };
    return {
      jti: String((claims as Record<string, unknown>)['jti']),
      request: await signedBy(lakeside, claims),
    };
  }

  /** As an honest requester: in the ordinary way first wherever the custodian has not tried the ledger lately, and then again. */
  async function releaseBy(request: string): Promise<Answer> {
    for (let left = 60; ; left -= 1) {
      const answer = await riverside.call('POST', '/v1/emergency-releases', { body: { request } });
      if (answer.json['code'] !== 'ledger-within-reach' || left === 0) return answer;
      await breakGlass(lakeside, riverside, { purpose: ['TREAT'] });
    }
  }
  const countersign = (jti: string, entry: string): Promise<Answer> =>
    riverside.call('POST', `/v1/emergency-releases/${jti}/entry`, { body: { entry } });
  const said = (entry: string): JournalClaims =>
    journalClaims.parse(openCompactJws(entry, JOURNAL_TYP, 65_536)?.claims);
  /** What Lakeside's gateway would answer an entry with, had it its next place free. */
  const answerTo = (entry: string, changes: object = {}, options = {}): Promise<string> =>
    signedBy(
      lakeside,
      {
        ...said(entry),
        iss: lakeside.mspId,
        chain: randomBytes(16).toString('base64url'),
        seq: 0,
        answers: sha256(entry),
        ...changes,
      },
      { typ: JOURNAL_TYP, ...options },
    );

  async function entryOf(answer: Answer): Promise<string> {
    expect(answer.status, JSON.stringify(answer.json)).to.equal(200);
    const { control } = await framesOf(answer);
    const last = control.at(-1);
    if (last?.frame !== 'journalled') throw new Error(JSON.stringify(last));
    return last.entry;
  }

  async function journalOf(member: TestMember): Promise<JournalPage['entries']> {
    const token = await member.token('auditor', ['auditor']);
    const answer = await member.call('GET', '/v1/journal?limit=200', { token });
    return journalPage.parse(answer.json).entries;
  }

  async function findings(): Promise<{ rule: string; member: string }[]> {
    const token = await sentinel.token('auditor', ['auditor']);
    const answer = await sentinel.call('GET', '/v1/journal-findings', { token });
    return journalFindingList.parse(answer.json).findings;
  }

  /** Until the custodian takes the ledger for out of reach. */
  const openedAt = (): Promise<Answer> =>
    eventually(async () => {
      const answer = await breakGlass();
      expect(answer.status, answer.bytes.subarray(0, 400).toString()).to.equal(200);
      expect(answer.bytes.equals(CONTENT), 'the very record').to.equal(true);
      released.add(String(answer.headers['consent-ledger-event']));
      return answer;
    }, PATIENCE);

  it('are answered by the ledger alone as long as it is within reach, and by the journal of nobody who has none', async () => {
    const { request } = await signedEmergency();
    expectProblem(await releaseBy(request), 409, 'ledger-within-reach');
    const answer = await lakeside.call('POST', '/v1/emergency-releases', { body: { request } });
    expectProblem(answer, 403, 'journal-off');
    const usual = await breakGlass();
    expect(usual.status, JSON.stringify(usual.json)).to.equal(200);
    expect(usual.headers['consent-ledger-block']).to.match(/^\d+$/);
    expect(await journalOf(riverside)).to.deep.equal([]);
  });

  it('are answered out of both journals when it is not, and nothing else is', async () => {
    await consortium.ledger.kill();
    const answer = await openedAt();
    expect(answer.headers).to.not.have.property('consent-ledger-block');
    const [theirs] = await journalOf(riverside);
    const [own] = await journalOf(lakeside);
    if (theirs?.other === undefined || own?.other === undefined) throw new Error('not countersigned');
    expect([theirs.entry, theirs.other], 'both have both').to.deep.equal([own.other, own.entry]);
    expect(answer.headers['consent-ledger-journal']).to.equal(sha256(theirs.entry));
    expect(theirs).to.include({
      role: 'custodian',
      isCountersigned: true,
      isSettled: false,
      isOverdue: false,
    });

    const ordinary = await breakGlass(lakeside, riverside, { purpose: ['TREAT'] });
    expect(ordinary.status, 'no emergency').to.be.oneOf([502, 503]);
    const off = await breakGlass(riverside, lakeside);
    expect(off.status, 'a custodian that has it switched off').to.be.oneOf([502, 503]);
    for (const changes of [
      { auth: { time: Math.floor(Date.now() / 1_000) - 86_400, methods: ['pwd'] } },
      { roles: ['practitioner'] },
      { records: ['no-such-record'] },
    ]) {
      const { request } = await signedEmergency(changes);
      expectProblem(await releaseBy(request), 403, 'access-denied');
    }
    const { request } = await signedEmergency({ emergency: undefined });
    expectProblem(await releaseBy(request), 422, 'journal-refused');
  });

  it('give a key to no gateway that lies: another signer, another entry, another request, the same again', async () => {
    const { jti, request } = await signedEmergency();
    const entry = await entryOf(await releaseBy(request));
    expectProblem(await releaseBy(request), 409, 'request-replayed');
    const forged = await signedBy(
      riverside,
      { ...said(entry), iss: lakeside.mspId, answers: sha256(entry) },
      { typ: JOURNAL_TYP },
    );
    const other = await entryOf(await releaseBy((await signedEmergency()).request));
    for (const bad of [
      forged,
      entry,
      await answerTo(entry, { answers: undefined }),
      await answerTo(entry, { answers: sha256('another') }),
      await answerTo(entry, { records: [] }),
      await answerTo(entry, { due: said(entry).due + 1 }),
      await answerTo(entry, { height: said(entry).height + 1 }),
      await answerTo(other),
    ])
      expectProblem(await countersign(jti, bad), 422, 'journal-refused');
    const good = await answerTo(entry);
    const given = journalKeys.parse((await countersign(jti, good)).json);
    expect(given.keys.map((one) => one.record)).to.deep.equal([record]);
    expect(journalKeys.parse((await countersign(jti, good)).json).keys, 'once').to.deep.equal([]);
    expectProblem(await countersign(jti, await answerTo(entry)), 422, 'journal-refused');
  });

  it('leave both or neither with a journal of it, killed wherever something is signed, kept or sent', async () => {
    const boundaries = RUNS > SHORT ? RELEASING : [pick(RELEASING), pick(RELEASING)];
    for (const boundary of boundaries) {
      const faulty = boundary.side === 'custodian' ? custodian : requester;
      await openedAt();
      await faulty.plan({ ...boundary, nth: 1, action: 'kill' });
      const answer = await breakGlass().catch(() => undefined);
      tried += 1;
      if (answer?.status === 200 && answer.bytes.equals(CONTENT))
        released.add(String(answer.headers['consent-ledger-event']));
      expect(await faulty.revive(10_000), nameOf(boundary)).to.equal(true);
      await openedAt();
    }
    const known = (await journalOf(riverside)).filter(({ isCountersigned }) => isCountersigned);
    for (const event of released) expect(known.map((one) => one.event)).to.include(event);
  });

  it('are on the ledger when it is back, each once, whoever is killed while they are put there', async () => {
    await Promise.all([custodian.idle(), requester.idle()]);
    const boundaries = RUNS > SHORT ? PUBLISHING : [pick(PUBLISHING)];
    for (const [round, boundary] of boundaries.entries()) {
      if (round > 0) {
        await consortium.ledger.kill();
        await openedAt();
      }
      const faulty = boundary.side === 'custodian' ? custodian : requester;
      await faulty.plan({ ...boundary, nth: 1, action: 'kill' });
      await consortium.ledger.start();
      tried += 1;
      expect(await faulty.revive(60_000), nameOf(boundary)).to.equal(true);
    }
    const countersigned = (await journalOf(riverside)).filter(({ isCountersigned }) => isCountersigned);
    await eventually(async () => {
      const open = (await journalOf(riverside)).filter(
        (one) => one.isCountersigned && !(one.isSettled && one.isCommitted),
      );
      expect(open.map(({ seq }) => seq)).to.deep.equal([]);
      const own = (await journalOf(lakeside)).filter((one) => !(one.isSettled && one.isCommitted));
      expect(own.map(({ seq }) => seq)).to.deep.equal([]);
    }, PATIENCE);
    await eventually(async () => {
      const logged = (await events(sentinel, { limit: '200' })).filter(
        (one) => one['journalledAt'] !== undefined,
      );
      const keys = logged.map(({ event }) => String(event));
      expect(keys.sort()).to.deep.equal(countersigned.map(({ event }) => event).sort());
      expect(new Set(keys).size).to.equal(keys.length);
      for (const event of released) expect(keys).to.include(event);
    }, PATIENCE);
  });

  it('are reviewed, told to the subject, and delivered on as any', async () => {
    const [event] = [...released];
    const token = await sentinel.token('auditor', ['auditor']);
    const answer = await sentinel.call('GET', '/v1/emergency-accesses?status=open&limit=200', { token });
    const open = emergencyPage.parse(answer.json).emergencies;
    for (const one of released) expect(open.map((each) => each.event)).to.include(one);
    const found = open.find((one) => one.event === event);
    expect(found).to.include({ reason: 'unconscious', isOverdue: false });
    expect(found?.subjects).to.deep.equal([subject]);
    expect(Date.parse(found?.journalledAt ?? '')).to.be.at.most(Date.parse(found?.at ?? ''));
    const clerk = await riverside.token('clerk', ['consent-clerk']);
    await eventually(async () => {
      const told = await riverside.call('GET', `/v1/subjects/${subject}/notifications`, { token: clerk });
      expect(JSON.stringify(told.json)).to.include(event?.slice('event/'.length));
    }, PATIENCE);
    await eventually(async () => {
      const deliveries = (await privateHistory(sentinel)).filter(({ key }) => key.startsWith('delivery/'));
      const delivered = new Set(deliveries.map(({ value }) => value['event']));
      // The last that was answered was answered by a gateway that lived on.
      expect(delivered.has([...released].at(-1))).to.equal(true);
    }, PATIENCE);
  });

  it('come out as they were signed when an auditor replays them, and nobody is found to hide any', async () => {
    const replay = new Replay({ chaincode: 'consent-ledger' });
    for (const block of await deliveredHistory(sentinel)) await replay.block(block);
    const report = replay.report();
    expect(report.findings.filter(({ rule }) => rule !== 'journal-incomplete')).to.deep.equal([]);
    expect(report.findings).to.deep.equal([]);
    expect(await findings()).to.deep.equal([]);
    const metrics = (await riverside.call('GET', '/metrics')).bytes.toString();
    expect(metrics).to.match(/^consent_ledger_journal_entries_overdue 0$/m);
  });
});
