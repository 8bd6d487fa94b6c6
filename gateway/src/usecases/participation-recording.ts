import { randomBytes } from 'node:crypto';
import {
  consentsReader,
  isAsTold,
  participationOf,
  type CommandOf,
  type RegisteredStudy,
} from '@consent-ledger/chaincode/wire';
import type { LedgerQueue, Tried } from '../ports/delivery-queue.js';
import type { Logger } from '../ports/logger.js';
import type { Projection } from '../ports/projection.js';
import type { TouchedParticipant, Trials } from '../ports/trials.js';
import { Batcher } from './batcher.js';
import type { CustodyView } from './custody-view.js';
import { DeliveryLoop, fromLedger } from './delivery-loop.js';
import { Refusal } from './refusal.js';
import type { StudyView } from './study-view.js';
import type { Transactions } from './transactions.js';

export interface ParticipationRecordingOptions {
  readonly custody: CustodyView;
  readonly projection: Projection;
  readonly trials: Trials;
  readonly studies: StudyView;
  readonly queue: LedgerQueue<TouchedParticipant>;
  readonly transactions: Transactions;
  readonly now: () => number;
  readonly log: Logger;
}

/** Participants in one transaction. */
const BATCH = 50;

/**
 * Has recorded for the sponsors what became of their participants: a transaction of its own, for another audience, once what it
 * follows from is on the ledger. Whom it is about follows from the projection, and is taken into the queue together with how far the
 * ledger was read; so it is recorded, once or again, from any crash. What has not changed is not written.
 */
export class ParticipationRecording {
  readonly #options: ParticipationRecordingOptions;
  readonly #loop: DeliveryLoop<TouchedParticipant & Tried>;
  readonly #batchers = new Map<string, Batcher<string, undefined>>();

  constructor(options: ParticipationRecordingOptions) {
    this.#options = options;
    const { custody, projection, trials, queue, now, log } = options;
    this.#loop = new DeliveryLoop({
      queue,
      takeIn: fromLedger(projection, queue, (block) => trials.touched(custody.custodian, block), now),
      keyOf: ({ study, subject }) => JSON.stringify([study, subject]),
      bring: async ({ study, subject }) => {
        await this.#batcherOf(study).add(subject);
      },
      atOnce: BATCH,
      events: { failed: 'participation.not-recorded', interrupted: 'participations.interrupted' },
      now,
      log,
    });
  }

  start(): void {
    this.#loop.start();
  }

  /** There may be something new: a block was folded. */
  look(): void {
    this.#loop.look();
  }

  /** Lets what is under way end. */
  stop(): Promise<void> {
    return this.#loop.stop();
  }

  #batcherOf(study: string): Batcher<string, undefined> {
    let batcher = this.#batchers.get(study);
    if (batcher === undefined) {
      batcher = new Batcher({
        size: BATCH,
        waitMs: 5,
        inFlight: 1,
        waiting: 2 * BATCH,
        overflow: () => new Refusal('too-many-requests'),
        run: (subjects) => this.#record(study, subjects),
      });
      this.#batchers.set(study, batcher);
    }
    return batcher;
  }

  async #record(study: string, subjects: readonly string[]): Promise<undefined[]> {
    const { custody, studies, transactions } = this.#options;
    const registered = studies.registered(study, custody.custodian);
    if (registered === undefined) throw new Refusal('study-unknown');
    const told: string[] = [];
    for (const subject of new Set(subjects))
      if (!(await this.#isTold(registered, subject))) told.push(subject);
    // A transaction that writes nothing is endorsed by nobody's policy but the chaincode's own, and would be invalid.
    if (told.length === 0) return subjects.map(() => undefined);
    const { sponsor } = registered.study;
    const command: CommandOf<'record-participations'> = {
      v: 1,
      command: 'record-participations',
      salt: randomBytes(32).toString('base64url'),
      study,
      subjects: told,
    };
    await transactions.run(command, { contract: 'study', site: custody.custodian, sponsor });
    return subjects.map(() => undefined);
  }

  /** Whether the sponsor knows already what endorsers would write. */
  async #isTold({ study: { study, sponsor }, terms }: RegisteredStudy, subject: string): Promise<boolean> {
    const { custody, studies, now } = this.#options;
    const get = <Kind extends 'policies' | 'withdrawal'>(kind: Kind, id: string) =>
      Promise.resolve(custody.get(kind, id)?.value);
    const derived = participationOf({
      study,
      enrolment: custody.get('enrolment', study, subject)?.value,
      consents: await consentsReader({ values: { get }, withdrawals: { get } })(subject),
      withdrawals: custody.get('withdrawal', subject)?.value,
      terms,
      at: now(),
    });
    const person = custody.personIn(study, subject);
    return isAsTold(
      studies.get({ site: custody.custodian, sponsor }, 'participation', study, person),
      derived,
    );
  }
}
