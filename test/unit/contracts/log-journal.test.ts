import {
  beginningOf,
  instantOf,
  JOURNAL_TYP,
  journalFindings,
  MAX_JOURNALS,
  sha256,
  type JournalClaims,
  type LoggedEntry,
  type RequestClaims,
} from '@consent-ledger/chaincode/wire';
import { expect } from 'chai';
import { registerPatient, SUBJECT } from './support/fixtures.js';
import { signJws } from './support/identities.js';
import {
  LAKESIDE,
  LEDGER_ID,
  NOW,
  RIVERSIDE,
  SENTINEL,
  World,
  makeCertificates,
  refusalOf,
} from './support/world.js';

const EMERGENCY_ACCESS = { authenticatedWithinSeconds: 900, methods: ['mfa'], accessHours: 24 };
const JOURNAL = { outOfReachSeconds: 30, withinMinutes: 60 };
const CHAINS: Readonly<Record<string, string>> = {
  [RIVERSIDE]: 'A'.repeat(22),
  [LAKESIDE]: 'B'.repeat(21) + 'A',
};
const HOUR_MS = 3_600_000;
const IAT = Math.floor(NOW / 1_000) - 600;

/** Of the one who signs an entry, or of what it says, what a test changes. */
interface Changes {
  readonly request?: Partial<RequestClaims>;
  readonly custodian?: Partial<JournalClaims>;
  readonly requester?: Partial<JournalClaims> | undefined;
  readonly signer?: { readonly custodian?: string; readonly requester?: string };
}

interface Texts {
  readonly request: string;
  readonly custodian: string;
  readonly requester?: string;
}

describe('what was released while the ledger was out of reach', () => {
  let world: World;

  before(makeCertificates);
  beforeEach(async () => {
    world = await World.open({ emergencyAccess: EMERGENCY_ACCESS, emergencyJournal: JOURNAL });
    await registerPatient(world);
  });

  function sign(mspId: string, claims: object): string {
    const { kid, privateKey } = world.signingKey(mspId);
    return signJws({ alg: 'ES256', typ: JOURNAL_TYP, kid }, claims, privateKey);
  }

  function released(changes: Changes = {}): Texts & { readonly jti: string; readonly event: string } {
    const asked = world.claims({
      iat: IAT - 1,
      exp: IAT + 119,
      purpose: ['BTG'],
      roles: ['emergency-physician'],
      emergency: { reason: 'unconscious' },
      auth: { time: IAT - 60, methods: ['pwd', 'mfa'] },
      ...changes.request,
    });
    const request = world.request(asked);
    const { jti } = asked;
    const event = world.key('event', asked.iss, jti);
    const claims: JournalClaims = {
      iss: RIVERSIDE,
      ledger: LEDGER_ID,
      custodian: RIVERSIDE,
      requester: asked.iss,
      jti,
      event,
      request: sha256(request),
      iat: IAT,
      due: IAT + 60 * JOURNAL.withinMinutes,
      height: 7,
      records: [
        {
          record: 'hb-1',
          outcome: 'permit',
          code: 'permitted',
          version: 1,
          obligations: [
            { code: 'review-by', at: instantOf(IAT * 1_000 + 72 * HOUR_MS) },
            { code: 'expires-at', at: instantOf(IAT * 1_000 + 24 * HOUR_MS) },
          ],
        },
      ],
      chain: CHAINS[RIVERSIDE] ?? '',
      seq: 0,
      prev: beginningOf(CHAINS[RIVERSIDE] ?? ''),
      ...changes.custodian,
    };
    const custodian = sign(changes.signer?.custodian ?? RIVERSIDE, claims);
    if ('requester' in changes && changes.requester === undefined) return { request, custodian, jti, event };
    const chain = CHAINS[LAKESIDE] ?? '';
    const answer = {
      ...claims,
      iss: asked.iss,
      chain,
      prev: beginningOf(chain),
      answers: sha256(custodian),
      ...changes.requester,
    };
    const requester = sign(changes.signer?.requester ?? LAKESIDE, answer);
    return { request, custodian, requester, jti, event };
  }

  const textsOf = ({ request, custodian, requester }: Texts): Texts => ({
    request,
    custodian,
    ...(requester !== undefined && { requester }),
  });
  const log = (...entries: Texts[]): ReturnType<World['tryCustody']> =>
    world.tryCustody({ command: 'log-journal', entries: entries.map(textsOf) });

  it('is an event of its own kind, with what both signed, whoever of custodian and oversight brings it', async () => {
    const one = released();
    const brought = await world.tryCustody(
      { command: 'log-journal', entries: [textsOf(one)] },
      { mspId: SENTINEL },
    );
    expect(brought.message).to.equal('');
    const event = world.value('event', LAKESIDE, one.jti);
    expect(event['journal']).to.deep.equal({
      at: instantOf(IAT * 1_000),
      custodian: sha256(one.custodian),
      requester: sha256(one.requester ?? ''),
    });
    expect(event['at']).to.equal(instantOf(NOW));
    const [details] = [...world.ledger.values()].filter(([key]) => key.includes('/details/')).slice(-1);
    const [detail] = (details?.[1]['details'] ?? []) as Record<string, unknown>[];
    expect(detail?.['journal']).to.deep.equal({ custodian: one.custodian, requester: one.requester });
    expect(detail?.['records']).to.deep.equal([
      { record: 'hb-1', reason: 'break-glass', basis: [], subjects: [SUBJECT], descriptorVersion: 1 },
    ]);
  });

  it('is there once: the same again writes nothing, and its request is decided no more', async () => {
    const one = released();
    await log(one);
    const before = [...world.ledger.values()].length;
    expect((await log(one)).message).to.equal('');
    expect([...world.ledger.values()]).to.have.length(before);
    await world.custody({ command: 'decide', requests: [one.request] });
    expect(world.value('event', LAKESIDE, one.jti)).to.have.property('journal');
    const again = released({ request: { jti: one.jti }, custodian: { seq: 1 } });
    expect(refusalOf(await log(again))).to.equal('request-replayed');
  });

  it('is a denial where the requester never answered, since no key left; and stays one', async () => {
    const one = released({ requester: undefined });
    await log(one);
    const [record] = world.value('event', LAKESIDE, one.jti)['records'] as Record<string, unknown>[];
    expect(record).to.include({ outcome: 'deny', code: 'request-expired' });
    const answered = sign(LAKESIDE, { iss: LAKESIDE });
    expect(refusalOf(await log({ ...one, requester: answered }))).to.equal('journal-refused');
  });

  it('is no denial as long as the requester may still answer: a key could leave after it', async () => {
    const unanswered = (age: number, lives: number): Changes => {
      const iat = Math.floor(NOW / 1_000) - age;
      const owed = (code: 'review-by' | 'expires-at', hours: number) => ({
        code,
        at: instantOf(iat * 1_000 + hours * HOUR_MS),
      });
      const obligations = [owed('review-by', 72), owed('expires-at', 24)];
      return {
        request: { iat, exp: iat + lives, auth: { time: iat - 60, methods: ['pwd', 'mfa'] } },
        custodian: {
          iat,
          due: iat + 3_600,
          records: [{ record: 'hb-1', outcome: 'permit', code: 'permitted', version: 1, obligations }],
        },
      };
    };
    for (const [age, lives] of [
      [0, 300],
      [299, 300],
      [329, 300],
      // An answer would still count, though the request has run out.
      [329, 60],
    ] as const) {
      const one = released({ ...unanswered(age, lives), requester: undefined });
      expect(refusalOf(await log(one)), `${age} s of ${lives}`).to.equal('journal-refused');
    }
    expect((await log(released({ ...unanswered(330, 300), requester: undefined }))).message).to.equal('');
    expect((await log(released(unanswered(0, 300)))).message, 'answered at once').to.equal('');
  });

  it('is refused where the custodian’s policy has it switched off', async () => {
    const journalled = released();
    world = await World.open({ emergencyAccess: EMERGENCY_ACCESS });
    await registerPatient(world);
    expect(refusalOf(await log(journalled))).to.equal('journal-off');
  });

  const another = 'C'.repeat(21) + 'A';
  const WRONG: Record<string, Changes> = {
    'another signs for the custodian': { signer: { custodian: LAKESIDE } },
    'another signs for the requester': { signer: { requester: RIVERSIDE } },
    'of another ledger': { custodian: { ledger: 'f'.repeat(64) } },
    'of another custodian': { custodian: { custodian: LAKESIDE } },
    'of another request': { custodian: { request: sha256('another') } },
    'under another event': { custodian: { event: `event/${'0'.repeat(64)}` } },
    'from the future': { custodian: { iat: IAT + 700, due: IAT + 4_300 } },
    'after the request had run out': { custodian: { iat: IAT + 120, due: IAT + 3_720 } },
    'with another time to be on the ledger': { custodian: { due: IAT + 7_200 } },
    'of what was not asked for': {
      custodian: {
        records: [{ record: 'hb-2', outcome: 'permit', code: 'permitted', version: 1, obligations: [] }],
      },
    },
    'without the review that it owes': {
      custodian: {
        records: [{ record: 'hb-1', outcome: 'permit', code: 'permitted', version: 1, obligations: [] }],
      },
    },
    'with a later review than the policy says': {
      custodian: {
        records: [
          {
            record: 'hb-1',
            outcome: 'permit',
            code: 'permitted',
            version: 1,
            obligations: [
              { code: 'review-by', at: instantOf(IAT * 1_000 + 73 * HOUR_MS) },
              { code: 'expires-at', at: instantOf(IAT * 1_000 + 24 * HOUR_MS) },
            ],
          },
        ],
      },
    },
    'no emergency': { request: { emergency: undefined as never } },
    'for another purpose': { request: { purpose: ['TREAT'] } },
    'by nobody who may break the glass': { request: { roles: ['practitioner'] } },
    'on an authentication of yesterday': { request: { auth: { time: IAT - 86_400, methods: ['mfa'] } } },
    'on a weak authentication': { request: { auth: { time: IAT - 60, methods: ['pwd'] } } },
    'answered by an entry of another release': { requester: { height: 8 } },
    'answered by an entry that answers another': { requester: { answers: sha256('another') } },
    'answered by an entry that answers none': { requester: { answers: undefined as never } },
    'answered an hour later': { requester: { iat: IAT + 3_600 } },
  };
  for (const [what, changes] of Object.entries(WRONG)) {
    it(`is refused: ${what}`, async () => {
      const changed = released(
        changes.request !== undefined && 'emergency' in changes.request
          ? { ...changes, request: { ...changes.request } }
          : changes,
      );
      expect(refusalOf(await log(changed))).to.equal('journal-refused');
      expect(refusalOf(await log(released(), changed)), 'nor is what comes with it').to.equal(
        'journal-refused',
      );
    });
  }

  describe('is committed to by each that signed', () => {
    const due = instantOf(NOW + HOUR_MS);
    const commit = (mspId: string, from: number, ...entries: string[]): ReturnType<World['tryRegister']> =>
      world.tryRegister(
        {
          command: 'commit-journal',
          chain: CHAINS[mspId] ?? another,
          from,
          entries: entries.map((entry) => ({ entry: sha256(entry), due })),
        },
        { mspId },
      );

    it('in the order of the journal, each place once', async () => {
      expect(refusalOf(await commit(LAKESIDE, 1, 'b'))).to.equal('journal-not-next');
      expect((await commit(LAKESIDE, 0, 'a', 'b')).message).to.equal('');
      expect((await commit(LAKESIDE, 1, 'b', 'c')).message).to.equal('');
      expect(refusalOf(await commit(LAKESIDE, 1, 'another'))).to.equal('journal-not-next');
      expect((await commit(RIVERSIDE, 0, 'a')).message, 'a member of its own').to.equal('');
    });

    const begin = (chain: string, when = due): ReturnType<World['tryRegister']> =>
      world.tryRegister(
        { command: 'commit-journal', chain, from: 0, entries: [{ entry: sha256('a'), due: when }] },
        { mspId: LAKESIDE },
      );

    it('not for later than any policy says, and late where the ledger was out of reach for longer', async () => {
      expect(refusalOf(await begin(another, instantOf(NOW + 25 * HOUR_MS)))).to.equal('journal-due-too-late');
      expect(refusalOf(await begin(another, '9999-12-31T23:59:59.999Z'))).to.equal('journal-due-too-late');
      expect((await begin(another, instantOf(NOW + 24 * HOUR_MS))).message).to.equal('');
      expect((await commit(LAKESIDE, 0, 'b')).message).to.equal('');
      const late = await begin('D'.repeat(21) + 'A', instantOf(NOW - 72 * HOUR_MS));
      expect(late.message, 'after three days without the ledger').to.equal('');
    });

    it('in a few journals and no more; those that were begun go on', async () => {
      const names = Array.from({ length: MAX_JOURNALS + 1 }, (_, number) =>
        Buffer.alloc(16, number).toString('base64url'),
      );
      const [last] = names.slice(-1);
      for (const name of names.slice(0, -1)) expect((await begin(name)).message).to.equal('');
      expect(refusalOf(await begin(last ?? ''))).to.equal('journals-too-many');
      expect((await begin(names[0] ?? '')).message, 'the same again').to.equal('');
      expect((await commit(RIVERSIDE, 0, 'a')).message, 'a member of its own').to.equal('');
    });
  });

  describe('is found where one side hides it', () => {
    const place = (mspId: string, seq: number, entry: string) =>
      ({
        v: 1,
        mspId,
        chain: another,
        seq,
        entry: sha256(entry),
        due: instantOf(NOW),
        at: instantOf(NOW),
      }) as const;
    const logged = (
      iss: string,
      seq: number,
      entry: string,
      changes: Partial<LoggedEntry> = {},
    ): LoggedEntry => ({
      iss,
      chain: another,
      seq,
      prev: seq === 0 ? beginningOf(another) : sha256(`${iss} ${seq - 1}`),
      due: Math.floor(NOW / 1_000),
      custodian: RIVERSIDE,
      requester: LAKESIDE,
      entry: sha256(entry),
      event: 'event/1',
      loggedAt: NOW - 60_000,
      ...changes,
    });
    const both = [place(RIVERSIDE, 0, 'r 0'), place(LAKESIDE, 0, 'l 0')];
    const event = [logged(RIVERSIDE, 0, 'r 0'), logged(LAKESIDE, 0, 'l 0')];
    const found = (...input: Parameters<typeof journalFindings>): string[] =>
      journalFindings(...input).map(({ rule, member }) => `${rule} ${member}`);

    it('nothing, where both committed and the event is there', () => {
      expect(found(both, event, NOW + 1_000)).to.deep.equal([]);
    });

    it('a custodian that never logs it, by the requester’s commitment; not before its time is over', () => {
      expect(found([place(LAKESIDE, 0, 'l 0')], [], NOW + 1_000)).to.deep.equal([
        `entry-without-event ${LAKESIDE}`,
      ]);
      expect(found([place(LAKESIDE, 0, 'l 0')], [], NOW - 1)).to.deep.equal([]);
    });

    it('a custodian that logs it without the requester’s entry', () => {
      expect(found(both, [logged(RIVERSIDE, 0, 'r 0')], NOW + 1_000)).to.deep.equal([
        `entry-without-event ${LAKESIDE}`,
      ]);
    });

    it('a requester that keeps silent, and one whose commitment or chain is another', () => {
      expect(found([place(RIVERSIDE, 0, 'r 0')], event, NOW + 1_000)).to.deep.equal([
        `entry-not-committed ${LAKESIDE}`,
      ]);
      expect(found([place(RIVERSIDE, 0, 'r 0'), place(LAKESIDE, 0, 'x')], event, NOW + 1_000)).to.deep.equal([
        `entry-without-event ${LAKESIDE}`,
        `chain-broken ${LAKESIDE}`,
      ]);
      const torn = [logged(RIVERSIDE, 0, 'r 0', { prev: sha256('torn out') }), logged(LAKESIDE, 0, 'l 0')];
      expect(found(both, torn, NOW + 1_000)).to.deep.equal([`chain-broken ${RIVERSIDE}`]);
    });

    it('what came too late, once', () => {
      const late = event.map((one) => ({ ...one, loggedAt: NOW + 60_000 }));
      expect(found(both, late, NOW + 120_000)).to.deep.equal([`logged-late ${RIVERSIDE}`]);
    });
  });
});
