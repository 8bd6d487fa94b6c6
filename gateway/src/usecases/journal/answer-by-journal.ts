import {
  isBreakGlass,
  JOURNAL_TYP,
  journalClaims,
  MAX_JOURNAL_LENGTH,
  openAnswer,
  openCompactJws,
  type EventRecord,
  type Member,
} from '@consent-ledger/chaincode/wire';
import type { JournalKeys } from '@consent-ledger/chaincode/wire/http';
import type { Journal, JournalEntry } from '../../ports/journal.js';
import type { Logger } from '../../ports/logger.js';
import type { Projection } from '../../ports/projection.js';
import { encodeCiphertext, encodeControl } from '../../release/frames.js';
import { wrapKey } from '../../release/key-wrapping.js';
import type { Chain } from '../chain.js';
import type { CustodyView } from '../custody-view.js';
import type { AcceptedRequest, Decisions } from '../decisions.js';
import type { Look } from '../look.js';
import { outgoing, type OutgoingOptions } from '../outgoing-records.js';
import { Refusal } from '../refusal.js';
import { encryptionKeyOf, type ReleaseOptions } from '../release-records.js';
import type { Transactions } from '../transactions.js';

export interface JournalAnswerOptions {
  readonly journal: Journal;
  readonly custody: CustodyView;
  readonly ledgerId: string;
  readonly decisions: Pick<Decisions, 'accept' | 'take' | 'giveBack' | 'requireNew'>;
  readonly transactions: Pick<Transactions, 'outOfReachForMs'>;
  readonly chain: Pick<Chain, 'state' | 'level'>;
  readonly projection: Pick<Projection, 'height' | 'event'>;
  /** A member as the own peer has it. */
  readonly member: (mspId: string) => Member | undefined;
  /** A look as it would be at that time, epoch milliseconds. */
  readonly lookAt: (at: number) => Look;
  readonly outgoing: OutgoingOptions & Pick<ReleaseOptions, 'denialsOf'>;
  readonly log: Logger;
  /** Epoch milliseconds. */
  readonly now: () => number;
}

/** How long the last look waits for the own peer's newest blocks. */
const LEVEL_MS = 10_000;

/**
 * A custodian's answers to emergencies while its ledger is out of reach (docs/architecture.md "The emergency journal"): its own signed
 * entry is on the disk before anything leaves; then the ciphertexts and the entry; the keys only when the requester's entry is beside it.
 */
export class JournalAnswers {
  readonly #options: JournalAnswerOptions;

  constructor(options: JournalAnswerOptions) {
    this.#options = options;
  }

  /**
   * Throws a Refusal, before anything is sent, unless this may be answered without the ledger: `journal-off`, `ledger-within-reach`,
   * `journal-refused`, `request-replayed`, `access-denied`, or why it is not authentic.
   */
  async answer(
    text: string,
    describeProblem: ReleaseOptions['describeProblem'],
  ): Promise<AsyncGenerator<Uint8Array>> {
    const { custody, decisions } = this.#options;
    if (custody.custody.policy.emergencyJournal === undefined) throw new Refusal('journal-off');
    const request = decisions.accept(text);
    const { iss, emergency, search, study } = request.claims;
    const isOrdinary = emergency === undefined || search !== undefined || study !== undefined;
    if (isOrdinary || iss === custody.custodian) throw new Refusal('journal-refused');
    // One that is being decided is not answered here as well, nor the other way round.
    const event = decisions.take(request);
    try {
      this.#requireOutOfReach();
      const kept = await this.#keep(request.text, event);
      return this.#release(kept, describeProblem);
    } finally {
      decisions.giveBack(event);
    }
  }

  /**
   * Takes the requester's entry; durable when it returns. The keys leave once, while the request is in force and the last look still permits;
   * an entry that comes late or again is kept and opens nothing. Throws a Refusal `journal-refused` for what does not answer an entry here.
   */
  async countersigned(jti: string, text: string): Promise<JournalKeys> {
    const { chain, custody, decisions, journal, now, projection } = this.#options;
    const found = this.#answered(jti, text);
    if (found.other === text) return { keys: [] };
    if (!journal.countersign(found.seq, text)) throw new Refusal('journal-refused');
    const wrapped = await this.#wrapped(found);
    // What the own peer has, as long as it can be reached; where it does not say in time, no key leaves.
    if (chain.state === 'following') await chain.level(LEVEL_MS);
    const lastLook = await this.#permitted(decisions.accept(found.request), now());
    // Nothing is waited for between this look and the answer, so that no withdrawal can come in between.
    const { event } = found.claims;
    if (projection.event(custody.collection, event) !== undefined) return { keys: [] };
    const isStill = (one: WrappedKey): boolean =>
      lastLook.some(({ record, version }) => record === one.record && version === one.version);
    return { keys: wrapped.filter(isStill).map(({ record, jwe }) => ({ record, jwe })) };
  }

  /** Keys of what the entry names, as far as it is permitted now. */
  async #wrapped({ claims, request: text }: JournalEntry): Promise<WrappedKey[]> {
    const { custody, decisions, now } = this.#options;
    const request = decisions.accept(text);
    const keys = [];
    for (const { record, version } of await this.#permitted(request, now())) {
      const isSigned = claims.records.some((one) => one.record === record && one.version === version);
      const descriptor = custody.get('descriptor', record)?.value;
      if (!isSigned || descriptor?.version !== version) continue;
      const leaving = await outgoing(descriptor, undefined, undefined, this.#options.outgoing);
      if (leaving === undefined) continue;
      const key = Buffer.from(await leaving.key()).toString('base64url');
      const payload = { event: claims.event, record, version, key };
      keys.push({ record, version, jwe: await wrapKey(payload, encryptionKeyOf(request)) });
    }
    return keys;
  }

  async *#release(
    { claims: { requester, records }, entry }: JournalEntry,
    describeProblem: ReleaseOptions['describeProblem'],
  ): AsyncGenerator<Uint8Array> {
    const { custody, log } = this.#options;
    let isWhole = false;
    try {
      for (const { record, version } of records) {
        const descriptor = custody.get('descriptor', record)?.value;
        if (descriptor === undefined || descriptor.version !== version) throw new Refusal('access-denied');
        const leaving = await outgoing(descriptor, undefined, undefined, this.#options.outgoing);
        if (leaving === undefined) throw new Refusal('access-denied');
        const { bytes, digest } = leaving.ciphertext;
        const { mediaType } = leaving;
        const along = this.#options.outgoing.denialsOf(record);
        const amendments = along.length === 0 ? {} : { amendments: [...along] };
        const what = { record, version: descriptor.version, bytes, digest, mediaType, ...amendments };
        yield encodeControl({ frame: 'record', ...what });
        for await (const chunk of await leaving.content()) yield* encodeCiphertext(chunk);
        yield encodeControl({ frame: 'record-end', record });
      }
      isWhole = true;
      yield encodeControl({ frame: 'journalled', entry });
    } catch (error) {
      yield encodeControl({ frame: 'failed', problem: describeProblem(error) });
    } finally {
      if (!isWhole) log.warn('journal.broken-off', { member: requester, count: records.length });
    }
  }

  /**
   * Before anything leaves, so that who asks and hangs up is on the ledger as well, and is answered once. Decided at the very second that
   * the entry names, so that whoever verifies it comes to the same obligations.
   */
  async #keep(text: string, event: string): Promise<JournalEntry> {
    const { custody, decisions, journal, ledgerId, log, now, projection } = this.#options;
    const { emergencyJournal } = custody.custody.policy;
    if (emergencyJournal === undefined) throw new Refusal('journal-off');
    const request = decisions.accept(text);
    const { claims, digest } = request;
    const iat = Math.floor(now() / 1_000);
    const records = await this.#permitted(request, iat * 1_000);
    if (records.length === 0) {
      log.warn('journal.denied', { member: claims.iss });
      throw new Refusal('access-denied');
    }
    const body = {
      ledger: ledgerId,
      custodian: custody.custodian,
      requester: claims.iss,
      jti: claims.jti,
      event,
      request: digest,
      iat,
      due: iat + emergencyJournal.withinMinutes * 60,
      height: projection.height,
      records,
    };
    // Nothing is waited for between this and the append.
    decisions.requireNew(request);
    const kept = await journal.append({ role: 'custodian', body, request: text });
    log.warn('journal.kept', { member: claims.iss, count: records.length });
    return kept;
  }

  async #permitted(request: AcceptedRequest, at: number): Promise<Permitted[]> {
    if (request.standing !== 'current') return [];
    const answers = await this.#options.lookAt(at)(request);
    return answers.filter(isPermitted);
  }

  #requireOutOfReach(): void {
    const { custody, transactions } = this.#options;
    const { emergencyJournal } = custody.custody.policy;
    if (emergencyJournal === undefined) throw new Refusal('journal-off');
    const silentMs = transactions.outOfReachForMs({ contract: 'custody', custodian: custody.custodian });
    if (silentMs === undefined || silentMs < emergencyJournal.outOfReachSeconds * 1_000)
      throw new Refusal('ledger-within-reach');
  }

  /** The own entry that this one answers, and in everything but signer and place is the same. */
  #answered(jti: string, text: string): JournalEntry {
    const { custody, journal, member } = this.#options;
    const said = journalClaims.safeParse(openCompactJws(text, JOURNAL_TYP, MAX_JOURNAL_LENGTH)?.claims);
    if (!said.success) throw new Refusal('journal-refused');
    const found = journal.find('custodian', custody.key('event', said.data.iss, jti));
    if (found === undefined) throw new Refusal('journal-refused');
    const { claims, entry } = found;
    if (openAnswer(text, { text: entry, claims }, { members: member }) === undefined)
      throw new Refusal('journal-refused');
    return found;
  }
}

interface WrappedKey {
  readonly record: string;
  readonly version: number;
  readonly jwe: string;
}

type Permitted = EventRecord & { readonly version: number };

/** Nothing but what the glass was broken for. */
function isPermitted(answer: EventRecord): answer is Permitted {
  return isBreakGlass(answer) && answer.version !== undefined;
}
