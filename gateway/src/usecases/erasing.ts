import { randomBytes } from 'node:crypto';
import { MAX_ERASED_VALUES, slipPerson, type ErasureGround } from '@consent-ledger/chaincode/wire';
import type { Erasures, RemainingValues } from '../ports/erasures.js';
import type { KeyDestruction } from '../ports/key-vault.js';
import type { LedgerBlock } from '../ports/ledger.js';
import type { Logger } from '../ports/logger.js';
import type { NotificationStore } from '../ports/notification-store.js';
import type { Projection } from '../ports/projection.js';
import type { RecordStore } from '../ports/record-store.js';
import type { CustodyView } from './custody-view.js';
import { delay } from './delay.js';
import type { Members } from './members.js';
import { Refusal } from './refusal.js';
import type { StudyView } from './study-view.js';
import type { Transactions } from './transactions.js';

export interface ErasingOptions {
  readonly custody: CustodyView;
  readonly projection: Pick<Projection, 'height'>;
  readonly studies: Pick<StudyView, 'all'>;
  readonly erasures: Erasures;
  readonly members: Pick<Members, 'allRegistered'>;
  readonly transactions: Transactions;
  readonly keys: KeyDestruction;
  readonly records: RecordStore;
  readonly notifications: Pick<NotificationStore, 'forget'>;
  readonly log: Logger;
}

/** Why, and where the custodian keeps who asked for it and who decided. */
export interface ErasureTerms {
  readonly ground: ErasureGround;
  readonly reference: string;
}

/** What the ledger says of an erasure. */
export interface ErasureRecorded extends ErasureTerms {
  readonly subject: string;
  /** Instant of the transaction. */
  readonly at: string;
  readonly transaction: string;
  readonly block: number;
  /** Values of the subject's that are still to be purged. */
  readonly remaining: number;
}

const RETRY_MS = [1_000, 5_000, 30_000, 60_000];

/**
 * Erases subjects. The tombstone on the ledger is what counts: whatever is to be destroyed here follows from it, at once, after a
 * crash at any moment, on another gateway of the same member, and again when an older backup brings a key back.
 */
export class Erasing {
  readonly #options: ErasingOptions;
  readonly #stop = new AbortController();
  /** Subjects whose erasure is not done to the end, as far as this process knows. */
  readonly #open = new Set<string>();
  /** Those that somebody waits for. */
  readonly #busy = new Set<string>();
  #looked = 0;
  #running: Promise<void> = Promise.resolve();
  #wake: () => void = () => undefined;

  constructor(options: ErasingOptions) {
    this.#options = options;
  }

  /** Erasures that are still to be done to the end. */
  get open(): number {
    return this.#open.size;
  }

  /**
   * Erases a subject, or goes on with it; when it resolves nothing of the subject can be read any more. What the tombstone says stays.
   * Throws a Refusal `subject-unknown`.
   */
  async erase(subject: string, terms: ErasureTerms): Promise<ErasureRecorded & { readonly isNew: boolean }> {
    const { custody } = this.#options;
    const before = this.find(subject);
    if (before === undefined && custody.get('subject', subject) === undefined)
      throw new Refusal('subject-unknown');
    this.#busy.add(subject);
    try {
      await this.#purge(subject, before ?? terms, before === undefined);
      await this.#destroy(subject);
    } finally {
      this.#busy.delete(subject);
      this.#goOn([subject]);
    }
    const recorded = this.find(subject);
    if (recorded === undefined) throw new Error('a subject was erased, and there is no tombstone');
    return { ...recorded, isNew: before === undefined };
  }

  /** Undefined for who is not erased. */
  find(subject: string): ErasureRecorded | undefined {
    return findErasure(subject, this.#options.custody, this.#options);
  }

  /**
   * Before the gateway takes calls: destroys what the ledger says is erased. A key that is found then was left by a process that died
   * over it, or came out of a backup; that is told.
   */
  async settle(): Promise<void> {
    const { custody, erasures, projection } = this.#options;
    this.#looked = projection.height;
    if (!custody.isOpen) return;
    let found = 0;
    for (const { subject } of erasures.since(custody.custodian, 0)) {
      this.#open.add(subject);
      if (await this.#destroy(subject)) found += 1;
    }
    if (found > 0) this.#tellFound(found);
  }

  #tellFound(count: number): void {
    this.#options.log.error('erasure.keys-found', { count, height: this.#looked });
  }

  start(): void {
    this.#running = this.#run();
  }

  /** A block was folded: there may be a tombstone in it, or a value that comes late. */
  look({ number }: LedgerBlock): void {
    const { custody, erasures } = this.#options;
    if (!custody.isOpen) return;
    const isLate = number < this.#looked;
    const since = erasures.since(custody.custodian, isLate ? 0 : this.#looked);
    this.#looked = Math.max(this.#looked, number + 1);
    this.#goOn(since.map(({ subject }) => subject));
  }

  /** Lets what is under way end. */
  async stop(): Promise<void> {
    this.#stop.abort();
    this.#wake();
    await this.#running;
  }

  /** Nothing is to be done where there is no tombstone, and nothing by two at once. */
  #goOn(subjects: readonly string[]): void {
    for (const subject of subjects) if (!this.#busy.has(subject)) this.#open.add(subject);
    if (subjects.length > 0) this.#wake();
  }

  async #run(): Promise<void> {
    const { log } = this.#options;
    const { signal } = this.#stop;
    for (let failures = 0; !signal.aborted;) {
      const woken = new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
      try {
        for (const subject of [...this.#open]) await this.#finish(subject);
        failures = 0;
      } catch (error) {
        log.warn('erasure.interrupted', { count: this.#open.size, attempt: failures + 1, error });
        failures += 1;
      }
      if (this.#open.size === 0) await woken;
      else await delay(RETRY_MS[Math.min(failures, RETRY_MS.length) - 1] ?? 0, signal);
    }
  }

  async #finish(subject: string): Promise<void> {
    if (this.#stop.signal.aborted) return;
    // A read model that came out of a backup too tells of the tombstone only now.
    if (await this.#destroy(subject)) this.#tellFound(1);
    const recorded = this.find(subject);
    if (recorded !== undefined) await this.#purge(subject, recorded, false);
    this.#open.delete(subject);
  }

  /** Purges what the projection has of the subject, as long as there is something. */
  async #purge(subject: string, { ground, reference }: ErasureTerms, isFirst: boolean): Promise<void> {
    const { custody, transactions } = this.#options;
    let before: string | undefined;
    for (let isNeeded = isFirst; ; isNeeded = false) {
      const { values, withdrawals } = remainingOf(subject, this.#options, MAX_ERASED_VALUES);
      const next = values[0] ?? withdrawals[0];
      if (next === undefined && !isNeeded) return;
      // Endorsers lack what is to be purged; it is tried again later.
      if (next !== undefined && next === before) throw new Refusal('event-pending');
      before = next;
      await transactions.run(
        {
          v: 1,
          command: 'erase-subject',
          salt: randomBytes(32).toString('base64url'),
          subject,
          ground,
          reference,
          values: [...values],
          withdrawals: [...withdrawals],
        },
        { contract: 'custody', custodian: custody.custodian },
      );
      // The tombstone is there: no key waits for the rest.
      if (isNeeded) await this.#destroy(subject);
    }
  }

  /** What is here and not on the ledger. Gives whether there was a key. */
  async #destroy(subject: string): Promise<boolean> {
    const { keys, log, notifications, records } = this.#options;
    const { hadKey, records: count } = keys.destroy(subject);
    notifications.forget(subject);
    // Nobody can open them any more; they take room, and tell that there was something.
    for (const ciphertext of keys.doomed()) {
      await records.drop(ciphertext);
      keys.gone(ciphertext);
    }
    if (hadKey || count > 0) log.info('erasure.destroyed', { count });
    return hadKey || count > 0;
  }
}

type Sources = Pick<ErasingOptions, 'custody' | 'erasures' | 'members' | 'studies'>;

/** What the ledger says of a subject's erasure; undefined for who is not erased. Oversight asks, too. */
export function findErasure(
  subject: string,
  custody: CustodyView,
  sources: Omit<Sources, 'custody'>,
): ErasureRecorded | undefined {
  const held = custody.get('erasure', 'subject', subject);
  if (held?.value.of !== 'subject') return undefined;
  const { ground, reference, at } = held.value;
  const { transaction, block } = held;
  const { values, withdrawals } = remainingOf(subject, { ...sources, custody }, MAX_ERASED_VALUES);
  return {
    subject,
    ground,
    reference,
    at,
    transaction,
    block,
    remaining: values.length + withdrawals.length,
  };
}

function remainingOf(
  subject: string,
  { custody, erasures, members, studies }: Sources,
  limit: number,
): RemainingValues {
  const names = members.allRegistered().map(({ mspId }) => slipPerson(custody.pepper, subject, mspId));
  const persons = studies.all().map(({ study }) => custody.personIn(study, subject));
  return erasures.remaining(custody.custodian, [subject, ...names, ...persons], limit);
}
