import type { Journal, JournalEntry } from '../../ports/journal.js';
import type { Logger } from '../../ports/logger.js';
import type { Peers } from '../../ports/peers.js';
import { Refusal } from '../refusal.js';

export interface HandOverOptions {
  readonly journal: Pick<Journal, 'unsettled' | 'settled'>;
  readonly peers: Pick<Peers, 'sendJournalEntry'>;
  readonly log: Logger;
  /** Epoch milliseconds. */
  readonly now: () => number;
}

/** Entries that are looked at together. */
const PAGE = 100;
/** Custodians that are sent to at the same time, each one entry after the other. */
const AT_ONCE = 8;
const HAND_OVER_MS = 10_000;
const FIRST_WAIT_MS = 5_000;
const LONGEST_WAIT_MS = 300_000;

interface Wait {
  readonly until: number;
  readonly milliseconds: number;
}

/**
 * Brings a requester's entries to their custodians, where one of the two had died before the custodian had it. Whatever keys come are no longer
 * wanted. A custodian that does not answer is left alone for a while, twice as long each time, and keeps no other from its entries; so is an
 * entry that its custodian refuses.
 */
export class HandOvers {
  readonly #options: HandOverOptions;
  readonly #custodians = new Map<string, Wait>();
  readonly #entries = new Map<number, Wait>();

  constructor(options: HandOverOptions) {
    this.#options = options;
  }

  /** Tries every entry that may be tried now, once. False where one is left. */
  async round(signal: AbortSignal): Promise<boolean> {
    const { journal } = this.#options;
    let isDone = true;
    let page: readonly JournalEntry[];
    let after = -1;
    do {
      page = journal.unsettled('requester', after, PAGE);
      after = page.at(-1)?.seq ?? after;
      const lines = [...Map.groupBy(page, ({ claims }) => claims.custodian).values()];
      const worker = async (): Promise<void> => {
        for (let line = lines.shift(); line !== undefined; line = lines.shift())
          for (const entry of line) if (!signal.aborted) isDone = (await this.#try(entry, signal)) && isDone;
      };
      await Promise.all(Array.from({ length: AT_ONCE }, worker));
    } while (page.length === PAGE && !signal.aborted);
    return isDone;
  }

  async #try(entry: JournalEntry, signal: AbortSignal): Promise<boolean> {
    const { claims, seq } = entry;
    const isLater = (wait: Wait | undefined): boolean =>
      wait !== undefined && this.#options.now() < wait.until;
    if (isLater(this.#custodians.get(claims.custodian)) || isLater(this.#entries.get(seq))) return false;
    try {
      await this.#send(entry, signal);
      this.#custodians.delete(claims.custodian);
      this.#entries.delete(seq);
      return true;
    } catch (error) {
      if (!signal.aborted) this.#failed(entry, error);
      return false;
    }
  }

  async #send({ seq, claims, entry }: JournalEntry, signal: AbortSignal): Promise<void> {
    const { journal, peers } = this.#options;
    const deadline = AbortSignal.any([signal, AbortSignal.timeout(HAND_OVER_MS)]);
    await peers.sendJournalEntry(claims.custodian, claims.jti, entry, deadline);
    journal.settled(seq);
  }

  #failed({ claims: { custodian }, seq }: JournalEntry, error: unknown): void {
    const code = error instanceof Refusal ? error.code : undefined;
    this.#options.log.warn('journal.not-handed-over', {
      member: custodian,
      error,
      ...(code !== undefined && { code }),
    });
    // What a custodian refuses says nothing of its other entries.
    if (code !== undefined && code !== 'custodian-unavailable') this.#wait(this.#entries, seq);
    else this.#wait(this.#custodians, custodian);
  }

  #wait<Key>(waits: Map<Key, Wait>, key: Key): void {
    const last = waits.get(key)?.milliseconds;
    const milliseconds = last === undefined ? FIRST_WAIT_MS : Math.min(last * 2, LONGEST_WAIT_MS);
    waits.set(key, { until: this.#options.now() + milliseconds, milliseconds });
  }
}
