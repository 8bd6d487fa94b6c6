import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import {
  JOURNAL_TYP,
  privateKey,
  REQUEST_TYP,
  sha256,
  type EventRecord,
  type JournalClaims,
  type Member,
} from '@consent-ledger/chaincode/wire';
import { openJournal } from '@consent-ledger/gateway/internal/adapters/sqlite/journal-store';
import type { CustodyView } from '@consent-ledger/gateway/internal/usecases/custody-view';
import { Decisions } from '@consent-ledger/gateway/internal/usecases/decisions';
import {
  JournalAnswers,
  type JournalAnswerOptions,
} from '@consent-ledger/gateway/internal/usecases/journal/answer-by-journal';
import { Refusal } from '@consent-ledger/gateway/internal/usecases/refusal';
import { expect } from 'chai';
import { temporaryFolder } from '../../support/temporary.js';
import { entryOf, newKey, signJws } from '../contracts/support/identities.js';

const LEDGER = 'a'.repeat(64);
const PEPPER = randomBytes(32);
const CUSTODIAN = 'RiversideMSP';
const REQUESTER = 'LakesideMSP';
const POLICY = { emergencyJournal: { outOfReachSeconds: 30, withinMinutes: 60 } };
const PERMIT: EventRecord = {
  record: 'hb-1',
  outcome: 'permit',
  code: 'permitted',
  version: 1,
  obligations: [{ code: 'review-by', at: '2026-11-27T00:00:00.000Z' }],
};

describe('a custodian that answers emergencies by its journal', () => {
  const folder = temporaryFolder();
  const [own, theirs, wrapping] = [newKey(), newKey(), newKey()];
  const requester = {
    mspId: REQUESTER,
    status: 'active',
    keys: [entryOf(theirs, 'sig'), entryOf(wrapping, 'enc')],
  } as unknown as Member;
  const members = (mspId: string): Member | undefined => (mspId === REQUESTER ? requester : undefined);
  let journal: ReturnType<typeof openJournal>;
  let now: number;
  let onLook: () => unknown;
  let answersNow: readonly EventRecord[];
  /** Keys of events that the projection has. */
  const decided = new Set<string>();
  let logged: { name: string; context: unknown }[];
  let chain: { state: string; level: () => Promise<void> };
  let decisions: Decisions;
  let answers: JournalAnswers;
  let files = 0;

  beforeEach(() => {
    files += 1;
    journal = openJournal(join(folder.path, `journal-${files}.db`), CUSTODIAN, (claims) =>
      Promise.resolve(signJws({ alg: 'ES256', typ: JOURNAL_TYP, kid: own.kid }, claims, own.privateKey)),
    );
    now = Date.parse('2026-11-24T12:00:00.500Z');
    answersNow = [PERMIT];
    onLook = () => undefined;
    decided.clear();
    logged = [];
    chain = { state: 'connecting', level: () => Promise.reject(new Error('there is no peer to ask')) };
    const custody = {
      custodian: CUSTODIAN,
      collection: 'custody',
      custody: { custodian: CUSTODIAN, policy: POLICY },
      key: (kind: 'event', ...id: [string, ...string[]]) => privateKey(kind, PEPPER, ...id),
      get: (_kind: string, record: string) => ({
        value: {
          record,
          version: 1,
          mediaType: 'text/plain',
          subjects: ['somebody'],
          ciphertext: { bytes: 3, digest: sha256('abc') },
        },
      }),
    } as unknown as CustodyView;
    const projection = {
      height: 7,
      event: (_collection: string, key: string) => (decided.has(key) ? {} : undefined),
    };
    decisions = new Decisions({
      projection,
      outbox: { isOpen: () => false },
      transactions: { requireLedger: () => undefined, run: () => new Promise(() => undefined) },
      members: { registered: members },
      custody,
      ledgerId: LEDGER,
      now: () => now,
      limits: { batchSize: 10, batchWaitMs: 0, batchesInFlight: 1, waitingRequests: 10 },
      isJournalled: (event: string) => journal.find('custodian', event) !== undefined,
      onBatch: () => undefined,
    } as unknown as ConstructorParameters<typeof Decisions>[0]);
    const log = (name: string, context: unknown): void => {
      logged.push({ name, context });
    };
    answers = new JournalAnswers({
      journal,
      custody,
      ledgerId: LEDGER,
      decisions,
      chain,
      transactions: { outOfReachForMs: () => 60_000 },
      projection,
      member: members,
      lookAt: () => () => {
        onLook();
        return Promise.resolve(answersNow);
      },
      outgoing: {
        records: { open: () => Promise.resolve(content()) },
        vault: { open: () => Promise.resolve(new Uint8Array(32)) },
        denialsOf: () => [],
      },
      log: { warn: log },
      now: () => now,
    } as unknown as JournalAnswerOptions);
  });
  afterEach(() => journal.close());

  async function* content(): AsyncGenerator<Uint8Array> {
    yield await Promise.resolve(Buffer.from('abc'));
  }

  function asked(changes: object = {}): { request: string; event: string; jti: string } {
    const iat = Math.floor(now / 1_000);
    const jti = randomBytes(16).toString('base64url');
    const claims = {
      iss: REQUESTER,
      aud: CUSTODIAN,
      ledger: LEDGER,
      jti,
      iat,
      exp: iat + 300,
      sub: 'dr-lake-0123456789',
      roles: ['emergency-physician'],
      auth: { time: iat - 60, methods: ['mfa'] },
      purpose: ['BTG'],
      records: ['hb-1'],
      enc: wrapping.kid,
      emergency: { reason: 'unconscious' },
      ...changes,
    };
    const header = { alg: 'ES256', typ: REQUEST_TYP, kid: theirs.kid };
    return {
      request: signJws(header, claims, theirs.privateKey),
      event: privateKey('event', PEPPER, REQUESTER, jti),
      jti,
    };
  }

  const answer = (request: string): ReturnType<JournalAnswers['answer']> =>
    answers.answer(request, () => {
      throw new Error('nothing is wrong with the content');
    });

  async function refusalOf(answering: Promise<unknown>): Promise<string | undefined> {
    try {
      await answering;
      return undefined;
    } catch (error) {
      if (error instanceof Refusal) return error.code;
      throw error;
    }
  }

  const kept = (event: string): JournalClaims | undefined => journal.find('custodian', event)?.claims;

  it('has its entry on the disk before anything leaves, whoever hangs up, and answers no request twice', async () => {
    const { request, event } = asked();
    const frames = await answer(request);
    expect(kept(event)?.records, 'before the first frame').to.deep.equal([PERMIT]);
    await frames.next();
    await frames.return(undefined);
    expect(logged).to.deep.include({
      name: 'journal.broken-off',
      context: { member: REQUESTER, count: 1 },
    });
    expect(await refusalOf(answer(request))).to.equal('request-replayed');
  });

  it('says nothing of a stream that was taken to its end', async () => {
    const { request } = asked();
    for await (const frame of await answer(request)) expect(frame.length).to.be.greaterThan(0);
    expect(logged.map(({ name }) => name)).to.deep.equal(['journal.kept']);
  });

  it('signs nothing of a request that is in force no more, or not yet', async () => {
    const iat = Math.floor(now / 1_000);
    for (const changes of [
      { iat: iat - 300, exp: iat },
      { iat: iat + 60, exp: iat + 120 },
    ]) {
      const { request, event } = asked(changes);
      expect(await refusalOf(answer(request))).to.equal('access-denied');
      expect(kept(event)).to.equal(undefined);
    }
    const { request, event } = asked({ iat: iat - 299, exp: iat + 1 });
    const frames = await answer(request);
    // The content takes longer than the request lives.
    now += 600_000;
    for await (const frame of frames) expect(frame.length).to.be.greaterThan(0);
    expect(kept(event)?.iat).to.be.lessThan(iat + 1);
  });

  it('answers none that is being decided, and has none decided that is being answered', async () => {
    const first = asked();
    const deciding = decisions.decide(decisions.accept(first.request));
    deciding.catch(() => undefined);
    expect(await refusalOf(answer(first.request))).to.equal('request-replayed');
    expect(kept(first.event)).to.equal(undefined);

    const second = asked();
    const answering = answer(second.request);
    expect(() => decisions.decide(decisions.accept(second.request))).to.throw(Refusal);
    await answering;
    expect(() => decisions.decide(decisions.accept(second.request))).to.throw(Refusal);
  });

  it('answers a request again that was refused before anything was kept', async () => {
    const { request, event } = asked();
    answersNow = [];
    expect(await refusalOf(answer(request))).to.equal('access-denied');
    answersNow = [PERMIT];
    expect(await refusalOf(answer(request))).to.equal(undefined);
    expect(kept(event)?.event).to.equal(event);
  });

  it('keeps nothing where the event has come while it looked', async () => {
    const { request, event } = asked();
    onLook = () => decided.add(event);
    expect(await refusalOf(answer(request))).to.equal('request-replayed');
    expect(kept(event)).to.equal(undefined);
  });

  describe('gives the keys', () => {
    /** The requester's entry on the custodian's, which is kept. */
    async function answered(): Promise<{ jti: string; event: string; text: string }> {
      const { request, event, jti } = asked();
      for await (const frame of await answer(request)) expect(frame.length).to.be.greaterThan(0);
      const found = journal.find('custodian', event);
      if (found === undefined) throw new Error('nothing is kept');
      const said = { ...found.claims, iss: REQUESTER, answers: found.digest };
      const header = { alg: 'ES256', typ: JOURNAL_TYP, kid: theirs.kid };
      return { jti, event, text: signJws(header, said, theirs.privateKey) };
    }
    const recordsOf = async (jti: string, text: string): Promise<string[]> =>
      (await answers.countersigned(jti, text)).keys.map(({ record }) => record);

    it('once, of what it signed for', async () => {
      const { jti, text } = await answered();
      expect(await recordsOf(jti, text)).to.deep.equal(['hb-1']);
      expect(await recordsOf(jti, text)).to.deep.equal([]);
    });

    it('of nothing that was withdrawn while it was at work, in blocks that its peer had: these come first', async () => {
      const { jti, text } = await answered();
      chain.state = 'following';
      chain.level = () => {
        answersNow = [];
        return Promise.resolve();
      };
      expect(await recordsOf(jti, text)).to.deep.equal([]);
    });

    it('of nothing where the peer that it follows does not say what it has', async () => {
      const { jti, text } = await answered();
      chain.state = 'following';
      chain.level = () => Promise.reject(new Refusal('event-pending'));
      expect(await refusalOf(answers.countersigned(jti, text))).to.equal('event-pending');
      expect(await recordsOf(jti, text)).to.deep.equal([]);
    });

    it('of nothing where the request has its event, or is in force no more', async () => {
      const one = await answered();
      onLook = () => decided.add(one.event);
      expect(await recordsOf(one.jti, one.text)).to.deep.equal([]);
      onLook = () => undefined;
      const other = await answered();
      now += 300_000;
      expect(await recordsOf(other.jti, other.text)).to.deep.equal([]);
    });
  });
});
