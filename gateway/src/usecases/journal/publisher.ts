import { randomBytes } from 'node:crypto';
import { instantOf, journalKey, MAX_COMMITMENTS, parseRequestObject } from '@consent-ledger/chaincode/wire';
import type { Journal, JournalEntry } from '../../ports/journal.js';
import type { Logger } from '../../ports/logger.js';
import type { Outbox } from '../../ports/outbox.js';
import type { Peers } from '../../ports/peers.js';
import type { Projection } from '../../ports/projection.js';
import type { Chain } from '../chain.js';
import type { CustodyView } from '../custody-view.js';
import { delay } from '../delay.js';
import { outsideRuns } from '../idempotent-run.js';
import { Refusal } from '../refusal.js';
import type { Transactions } from '../transactions.js';

export interface JournalPublisherOptions {
  readonly journal: Journal;
  readonly own: string;
  /** Where this member keeps records. */
  readonly custody: CustodyView | undefined;
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
const AT_ONCE = 100;
const HAND_OVER_MS = 10_000;
/** What is left of the time to be on the ledger when the requester's entry is waited for no more. */
const ABANDONED_AFTER = 0.5;

/**
 * Brings what was released while the ledger was out of reach onto the ledger, from any crash: the digest of each own entry, in their order, where
 * everybody sees it; at the custodian the event; and the requester's entry to its custodian. Each is done once, whoever does it twice: what is
 * there already is seen in the projection, and endorsers look again. What is not there in time is alarmed.
 */
export class JournalPublisher {
  readonly #options: JournalPublisherOptions;
  readonly #stop = new AbortController();
  #running: Promise<void> = Promise.resolve();
  #alarmedAt = 0;

  constructor(options: JournalPublisherOptions) {
    this.#options = options;
  }

  start(): void {
    this.#running = this.#run();
  }

  async stop(): Promise<void> {
    this.#stop.abort();
    await this.#running;
  }

  async #run(): Promise<void> {
    const { signal } = this.#stop;
    while (!signal.aborted) {
      const isDone = await this.#round();
      await delay(isDone ? LOOK_MS : FAILED_MS, signal);
    }
  }

  /** False where something has to wait. */
  async #round(): Promise<boolean> {
    const { chain, journal, log } = this.#options;
    let isDone = true;
    try {
      this.#alarm();
      const unfinished = journal.unfinished(AT_ONCE);
      for (const entry of unfinished) {
        if (!entry.isSettled && entry.role === 'requester')
          isDone = (await this.#try(() => this.#handOver(entry))) && isDone;
        if (!entry.isSettled && entry.role === 'custodian' && chain.state === 'following')
          isDone = (await this.#try(() => this.#settle(entry))) && isDone;
      }
      if (chain.state === 'following') isDone = (await this.#try(() => this.#commit(unfinished))) && isDone;
    } catch (error) {
      log.error('journal.interrupted', { error });
      isDone = false;
    }
    return isDone;
  }

  async #try(step: () => Promise<void>): Promise<boolean> {
    if (this.#stop.signal.aborted) return true;
    try {
      await step();
      return true;
    } catch (error) {
      if (!(error instanceof Refusal)) throw error;
      this.#options.log.warn('journal.not-published', { code: error.code, error });
      return false;
    }
  }

  /** The custodian's gateway had died, or this one, before it had the own entry. Whatever keys come are no longer wanted. */
  async #handOver({ seq, claims, entry }: JournalEntry): Promise<void> {
    const { journal, peers } = this.#options;
    const deadline = AbortSignal.any([this.#stop.signal, AbortSignal.timeout(HAND_OVER_MS)]);
    await peers.sendJournalEntry(claims.custodian, claims.jti, entry, deadline);
    journal.settled(seq);
  }

  async #settle(found: JournalEntry): Promise<void> {
    const { custody, journal, log, now, outbox, projection, transactions } = this.#options;
    if (custody === undefined || this.#isWaiting(found, now())) return;
    const { seq, claims, digest, entry, request } = found;
    if (projection.event(custody.collection, claims.event) === undefined) {
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

  /** The requester may still send its entry: as long as its request is in force, and then for half of the time that is left. */
  #isWaiting({ claims: { iat, due }, other, request, isAbandoned }: JournalEntry, now: number): boolean {
    if (other !== undefined || isAbandoned) return false;
    const asked = parseRequestObject(request);
    const inForce = asked.kind === 'parsed' ? asked.claims.exp : 0;
    return now < Math.max(inForce, iat + (due - iat) * ABANDONED_AFTER) * 1_000;
  }

  /** Those that follow the last one that is on the ledger, in their order. */
  async #commit(unfinished: readonly JournalEntry[]): Promise<void> {
    const { journal, own, outbox, projection, transactions } = this.#options;
    const open: JournalEntry[] = [];
    for (const entry of unfinished) {
      if (entry.isCommitted) continue;
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
