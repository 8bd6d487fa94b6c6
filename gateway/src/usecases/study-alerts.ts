import { digestOf } from '@consent-ledger/chaincode/wire';
import type { Alert } from '@consent-ledger/chaincode/wire/http';
import { UndeliverableError } from '../ports/courier.js';
import type { LedgerQueue, Tried, Written } from '../ports/delivery-queue.js';
import type { Logger } from '../ports/logger.js';
import type { Projection } from '../ports/projection.js';
import type { Trials } from '../ports/trials.js';
import { DeliveryLoop } from './delivery-loop.js';
import type { Members } from './members.js';
import type { StudyView } from './study-view.js';
import type { TrialView } from './trial-view.js';

/** An alert on its way to one webhook. */
export interface WaitingAlert extends Written {
  /** The same however often it is sent, and whichever gateway sends it: who has seen it need not act twice. */
  readonly id: string;
  readonly hook: string;
  readonly study: string;
  /** JSON of what is to be told. */
  readonly alert: string;
  /** Instant at which it was noticed. */
  readonly noticed: string;
}

/** What a webhook is told of. */
export interface StudyEvent {
  readonly kind: 'withdrawn' | Exclude<Alert['kind'], 'stop-due'>;
  readonly study: string;
  readonly site: string;
  readonly person?: string;
  readonly collected?: string;
  readonly protocol?: string;
  readonly count?: number;
  readonly due?: string;
  readonly at?: string;
  readonly transaction?: string;
  readonly block?: number;
}

export interface StudyAlertsOptions {
  readonly hooks: readonly { readonly url: string; readonly studies?: readonly string[] | undefined }[];
  readonly members: Members;
  readonly projection: Pick<Projection, 'height' | 'pending'>;
  readonly studies: StudyView;
  readonly trials: Trials;
  readonly view: TrialView;
  readonly queue: LedgerQueue<WaitingAlert>;
  /** Signs and pushes it. Throws an UndeliverableError, or why it may yet work. */
  readonly push: (hook: string, id: string, event: StudyEvent) => Promise<void>;
  readonly retryMs: number;
  readonly giveUpMs: number;
  readonly now: () => number;
  readonly log: Logger;
}

const MOST_RETRY_MS = 3_600_000;
/** What comes about by the clock alone is looked for so often. */
const CLOCK_MS = 10_000;

/**
 * Tells a sponsor's systems what somebody has to act on. Withdrawals follow from the projection, and are taken into the queue together with
 * how far the ledger was read; what comes about by time (an approval that ends, consents that are due or overdue, acknowledgements that are)
 * follows from the studies as they stand. So each is told at least once, from any crash.
 */
export class StudyAlerts {
  readonly #options: StudyAlertsOptions;
  readonly #loop: DeliveryLoop<WaitingAlert & Tried>;
  #lookedAt = -Infinity;
  #clock: NodeJS.Timeout | undefined;

  constructor(options: StudyAlertsOptions) {
    this.#options = options;
    const { queue, push, retryMs, giveUpMs, now, log } = options;
    this.#loop = new DeliveryLoop({
      queue,
      takeIn: () => {
        this.#takeIn();
      },
      keyOf: ({ id, hook }) => `${id} ${hook}`,
      bring: ({ hook, id, alert }) => push(hook, id, JSON.parse(alert) as StudyEvent),
      isFinal: (error, { noticed }) =>
        error instanceof UndeliverableError || now() - Date.parse(noticed) >= giveUpMs,
      events: {
        failed: 'study-alert.not-sent',
        givenUp: 'study-alert.given-up',
        interrupted: 'study-alerts.interrupted',
      },
      retryMs,
      mostRetryMs: MOST_RETRY_MS,
      now,
      log,
    });
  }

  start(): void {
    this.#loop.start();
    this.#clock = setInterval(() => {
      this.#loop.look();
    }, CLOCK_MS);
    this.#clock.unref();
  }

  /** There may be something new: a block was folded. */
  look(): void {
    this.#loop.look();
  }

  /** Lets what is under way end. */
  stop(): Promise<void> {
    clearInterval(this.#clock);
    return this.#loop.stop();
  }

  /** A block of which values are missing is read again, and what follows it, until they are there. */
  #takeIn(): void {
    const { projection, queue, now } = this.#options;
    const { height } = projection;
    const isNew = queue.scanned < height;
    const isTime = now() - this.#lookedAt >= CLOCK_MS;
    if (!isNew && !isTime) return;
    const [oldest] = projection.pending();
    const scanned = Math.min(oldest?.block ?? height, height);
    queue.enqueue([...this.#withdrawals(queue.scanned), ...(isTime ? this.#byTime() : [])], scanned, now());
    if (isTime) this.#lookedAt = now();
  }

  *#withdrawals(since: number): Generator<WaitingAlert> {
    const { members, trials } = this.#options;
    const own = this.#own();
    for (const { study, site, person, protocol, collected, at, transaction, block } of trials.withdrawn(
      since,
    )) {
      if (!own.has(study)) continue;
      const [first] = JSON.parse(collected) as { disposition: string }[];
      const about = { study, site: members.referenceOf(site), person };
      yield* this.#waiting(block, {
        kind: 'withdrawn',
        ...about,
        ...(protocol === null ? {} : { protocol }),
        ...(first === undefined ? {} : { collected: first.disposition }),
        at,
        transaction,
        block,
      });
    }
  }

  *#byTime(): Generator<WaitingAlert> {
    for (const study of this.#own())
      for (const { kind, ...alert } of this.#options.view.alerts(study))
        if (kind !== 'stop-due') yield* this.#waiting(0, { kind, study, ...withoutAbsent(alert) });
  }

  *#waiting(block: number, event: StudyEvent): Generator<WaitingAlert> {
    const { hooks, now } = this.#options;
    const { kind, study, site, person, protocol, due, at } = event;
    // How many it is about may change from one moment to the next: it is the same alert.
    const id = digestOf(withoutAbsent({ kind, study, site, person, protocol, due, at }));
    for (const { url, studies } of hooks)
      if (studies?.includes(study) !== false)
        yield {
          id,
          hook: url,
          study,
          alert: JSON.stringify(event),
          noticed: new Date(now()).toISOString(),
          block,
        };
  }

  #own(): ReadonlySet<string> {
    const { members, studies } = this.#options;
    const own = studies.all().filter(({ sponsor }) => sponsor === members.own.mspId);
    return new Set(own.map(({ study }) => study));
  }
}

function withoutAbsent<Value extends object>(
  value: Value,
): { [Name in keyof Value]: Exclude<Value[Name], undefined> } {
  return JSON.parse(JSON.stringify(value)) as { [Name in keyof Value]: Exclude<Value[Name], undefined> };
}
