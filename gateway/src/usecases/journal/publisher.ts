import { randomBytes } from 'node:crypto';
import {
  accessEvent,
  instantOf,
  journalKey,
  MAX_COMMITMENTS,
  parseRequestObject,
  unansweredAt,
} from '@consent-ledger/chaincode/wire';
import type { Journal, JournalEntry } from '../../ports/journal.js';
import type { Logger } from '../../ports/logger.js';
import type { Outbox } from '../../ports/outbox.js';
import type { Peers } from '../../ports/peers.js';
import type { EventEntry, Projection } from '../../ports/projection.js';
import type { Chain } from '../chain.js';
import type { CustodyView } from '../custody-view.js';
import { delay } from '../delay.js';
import { outsideRuns } from '../idempotent-run.js';
import { Refusal } from '../refusal.js';
import type { Transactions } from '../transactions.js';
import { HandOvers } from './hand-overs.js';

type Custodian = Pick<CustodyView, 'collection' | 'custodian'>;

export interface JournalPublisherOptions {
  readonly journal: Journal;
  readonly own: string;
  /** Where this member keeps records. */
  readonly custody: Custodian | undefined;
  readonly projection: Pick<Projection, 'event' | 'publicValue'>;
  readonly outbox: Pick<Outbox, 'isOpen'>;
  readonly chain: Pick<Chain, 'state'>;
  readonly transactions: Pick<Transactions, 'run'>;
  readonly peers: Pick<Peers, 'sendJournalEntry'>;
  readonly log: Logger;
  /** Epoch milliseconds. */
  readonly now: () => number;
}

const LOOK_MS = 1_000;
const FAILED_MS = 5_000;
const ALARM_MS = 60_000;
/** Entries that are looked at together. */
const PAGE = 100;
/** What is left of the time to be on the ledger when the requester's entry is waited for no more. */
const ABANDONED_AFTER = 0.5;

/**
 * Brings what was released while the ledger was out of reach onto the ledger, from any crash: the digest of each own entry, in their order, where
 * everybody sees it; at the custodian the event; and the requester's entry to its custodian. Each is done once, whoever does it twice: what is
 * there already is seen in the projection, and endorsers look again. None of the three waits for another, nor an entry for one that cannot be
 * published. What is not there in time is alarmed.
 */
export class JournalPublisher {
  readonly #options: JournalPublisherOptions;
  readonly #handOvers: HandOvers;
  readonly #stop = new AbortController();
  #running: Promise<unknown> = Promise.resolve();
  #alarmedAt = 0;
  /** Places of entries whose request has an event that is not theirs. */
  readonly #toldApart = new Set<number>();

  constructor(options: JournalPublisherOptions) {
    this.#options = options;
    this.#handOvers = new HandOvers(options);
  }

  start(): void {
    const { signal } = this.#stop;
    this.#running = Promise.all([
      this.#keepDoing(() => this.#commitAll()),
      this.#keepDoing(() => this.#settleAll()),
      this.#keepDoing(() => this.#handOvers.round(signal)),
    ]);
  }

  async stop(): Promise<void> {
    this.#stop.abort();
    await this.#running;
  }

  async #keepDoing(round: () => Promise<unknown>): Promise<void> {
    const { signal } = this.#stop;
    while (!signal.aborted) {
      const isDone = await this.#try(round);
      await delay(isDone ? LOOK_MS : FAILED_MS, signal);
    }
  }

  /** False where something has to wait. */
  async #try(step: () => Promise<unknown>): Promise<boolean> {
    if (this.#stop.signal.aborted) return true;
    try {
      return (await step()) !== false;
    } catch (error) {
      const { log } = this.#options;
      if (error instanceof Refusal) log.warn('journal.not-published', { code: error.code, error });
      else log.error('journal.not-published', { error });
      return false;
    }
  }

  async #commitAll(): Promise<void> {
    const { chain, journal } = this.#options;
    this.#alarm();
    if (chain.state === 'following') await this.#commit(journal.uncommitted(PAGE));
  }

  /** One that the ledger refuses keeps none that follows from it. */
  async #settleAll(): Promise<boolean> {
    const { chain, custody, journal } = this.#options;
    if (custody === undefined) return true;
    let isDone = true;
    let after = -1;
    let page: readonly JournalEntry[];
    do {
      page = journal.unsettled('custodian', after, PAGE);
      for (const entry of page) {
        if (chain.state !== 'following' || this.#stop.signal.aborted) return isDone;
        isDone = (await this.#try(() => this.#settle(entry, custody))) && isDone;
      }
      after = page.at(-1)?.seq ?? after;
    } while (page.length === PAGE);
    return isDone;
  }

  async #settle(found: JournalEntry, custody: Custodian): Promise<void> {
    const { journal, log, now, outbox, projection, transactions } = this.#options;
    if (this.#isWaiting(found, now())) return;
    const { seq, claims, digest, entry, request } = found;
    const there = projection.event(custody.collection, claims.event);
    if (there !== undefined && !isOfEntry(there, digest)) {
      this.#tellApart(seq, there);
      return;
    }
    if (there === undefined) {
      const intents = [intentOf(digest)];
      // Sent before, and in no block yet.
      if (intents.some((intent) => outbox.isOpen(intent))) return;
      // Read again: the requester's may have come in between, and from now on none is taken.
      if (found.other === undefined && !journal.abandon(seq)) return;
      const texts = {
        request,
        custodian: entry,
        ...(found.other !== undefined && { requester: found.other }),
      };
      const salt = randomBytes(32).toString('base64url');
      const command = { v: 1, command: 'log-journal', salt, entries: [texts] } as const;
      const audience = { contract: 'custody', custodian: custody.custodian } as const;
      const { block } = await outsideRuns(() =>
        transactions.run({ ...command, entries: [...command.entries] }, audience, { intents }),
      );
      log.info('journal.logged', { block });
    }
    journal.settled(seq);
  }

  /** The request was decided as well: what left by this entry is in no event, is never settled and is found when it is due. Told once. */
  #tellApart(seq: number, { transaction, block }: EventEntry): void {
    if (this.#toldApart.has(seq)) return;
    this.#toldApart.add(seq);
    this.#options.log.error('journal.decided-as-well', { transaction, block });
  }

  /** The requester may still send its entry: as long as endorsers wait for it, and at least for half of the time till it is due. */
  #isWaiting({ claims, other, request, isAbandoned }: JournalEntry, now: number): boolean {
    if (other !== undefined || isAbandoned) return false;
    const asked = parseRequestObject(request);
    const answerable = asked.kind === 'parsed' ? unansweredAt(claims, asked.claims) : 0;
    const { iat, due } = claims;
    return now < Math.max(answerable, iat + (due - iat) * ABANDONED_AFTER) * 1_000;
  }

  /** Those that follow the last one that is on the ledger, in their order. */
  async #commit(uncommitted: readonly JournalEntry[]): Promise<void> {
    const { journal, own, outbox, projection, transactions } = this.#options;
    const open: JournalEntry[] = [];
    for (const entry of uncommitted) {
      const known = projection.publicValue(journalKey(own, journal.chain, entry.seq));
      if (known === undefined) open.push(entry);
      else if (known.includes(entry.digest)) journal.committed(entry.seq);
      // The ledger has another entry there: this file is an older copy of the journal that goes on elsewhere.
      else throw new Refusal('journal-not-next');
    }
    const [first] = open;
    if (first === undefined) return;
    const next = open.filter(({ seq }, place) => seq === first.seq + place).slice(0, MAX_COMMITMENTS);
    const intents = next.map(({ digest }) => `commitment ${digest}`);
    if (intents.some((intent) => outbox.isOpen(intent))) return;
    const entries = next.map(({ digest, claims }) => ({ entry: digest, due: instantOf(claims.due * 1_000) }));
    const command = {
      v: 1,
      command: 'commit-journal',
      chain: journal.chain,
      from: first.seq,
      entries,
    } as const;
    await outsideRuns(() => transactions.run({ ...command, entries }, { contract: 'registry' }, { intents }));
    for (const { seq } of next) journal.committed(seq);
  }

  #alarm(): void {
    const { journal, log, now } = this.#options;
    const { overdue } = journal.counts(now() / 1_000);
    if (overdue === 0 || now() - this.#alarmedAt < ALARM_MS) return;
    this.#alarmedAt = now();
    log.error('journal.overdue', { count: overdue });
  }
}

function intentOf(digest: string): string {
  return `journal ${digest}`;
}

/** Whether an event is what that entry was logged as. */
function isOfEntry({ value }: Pick<EventEntry, 'value'>, digest: string): boolean {
  return accessEvent.parse(JSON.parse(value.toString('utf8'))).journal?.custodian === digest;
}
