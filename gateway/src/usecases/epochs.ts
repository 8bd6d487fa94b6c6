import { epoch as epochValue, EPOCH_KEY, millisecondsOf, type Epoch } from '@consent-ledger/chaincode/wire';
import type { Logger } from '../ports/logger.js';
import type { Projection } from '../ports/projection.js';
import { delay } from './delay.js';
import { Refusal } from './refusal.js';
import type { Transactions } from './transactions.js';

export interface EpochsOptions {
  readonly projection: Pick<Projection, 'publicValue'>;
  readonly transactions: Pick<Transactions, 'run'>;
  readonly log: Logger;
  /** How long an epoch shall last, seconds. */
  readonly seconds: number;
  /** Whether this member has oversight, and so moves the epoch. */
  readonly isMover: boolean;
  /** Epoch milliseconds. */
  readonly now: () => number;
}

/** Epochs after which a present one that nobody has ended is stale. */
const STALE_AFTER = 3;
const LOOK_MS = 2_000;
const ALARM_MS = 60_000;
const FIRST_MS = 500;
/** Somebody else was first: no failure. */
const EXPECTED: ReadonlySet<string> = new Set(['epoch-not-next', 'epoch-too-early', 'ledger-conflict']);

/**
 * Keeps the epoch moving: what is endorsed in one epoch can never become valid in the next. Of several oversight organisations whichever
 * sees first that it is due moves it; each waits a little longer by chance, so that they seldom meet, and where they do the ledger takes
 * one. Everybody alarms when nobody moves it.
 */
export class Epochs {
  readonly #options: EpochsOptions;
  readonly #stop = new AbortController();
  readonly #since: number;
  #running: Promise<void> = Promise.resolve();
  /** Epoch for which the chance was drawn, and what it came to. */
  #drawn = { number: -1, milliseconds: 0 };
  #alarmedAt = 0;

  constructor(options: EpochsOptions) {
    this.#options = options;
    this.#since = options.now();
  }

  start(): void {
    this.#running = this.#run();
  }

  async stop(): Promise<void> {
    this.#stop.abort();
    await this.#running;
  }

  /** The epoch, as the own peer has it; undefined before the first one. */
  get present(): Epoch | undefined {
    const value = this.#options.projection.publicValue(EPOCH_KEY);
    return value === undefined ? undefined : epochValue.parse(JSON.parse(value.toString('utf8')));
  }

  /** Milliseconds since it began, or, before the first one, since this gateway started. */
  get ageMs(): number {
    const { present } = this;
    return Math.max(
      0,
      this.#options.now() - (present === undefined ? this.#since : millisecondsOf(present.startedAt)),
    );
  }

  /** Nobody moves it: what is endorsed now could be held back for longer than was agreed. */
  get isStale(): boolean {
    return this.ageMs > STALE_AFTER * this.#options.seconds * 1_000;
  }

  async #run(): Promise<void> {
    const { signal } = this.#stop;
    while (!signal.aborted) {
      this.#alarm();
      const waitMs = this.#options.isMover ? this.#dueInMs() : LOOK_MS;
      if (waitMs > 0) await delay(Math.min(waitMs, LOOK_MS), signal);
      else await this.#move();
    }
  }

  #dueInMs(): number {
    const { seconds } = this.#options;
    const { present, ageMs } = this;
    const number = present?.number ?? 0;
    if (this.#drawn.number !== number) {
      const most = present === undefined ? FIRST_MS : (seconds * 1_000) / 10;
      this.#drawn = { number, milliseconds: Math.random() * most };
    }
    return (present === undefined ? 0 : seconds * 1_000) + this.#drawn.milliseconds - ageMs;
  }

  async #move(): Promise<void> {
    const { log, seconds, transactions } = this.#options;
    const number = (this.present?.number ?? 0) + 1;
    try {
      const command = { v: 1, command: 'move-epoch', number } as const;
      const { block } = await transactions.run(command, { contract: 'registry' }, { attempts: 1 });
      log.info('epoch.moved', { count: number, block });
    } catch (error) {
      const code = error instanceof Refusal ? error.code : 'gateway-failed';
      if (EXPECTED.has(code)) log.info('epoch.moved-by-another', { code });
      else log.warn('epoch.not-moved', { code, error });
      await delay(Math.min(LOOK_MS, seconds * 200) * (0.5 + Math.random()), this.#stop.signal);
    }
  }

  #alarm(): void {
    const { log, now } = this.#options;
    if (!this.isStale || now() - this.#alarmedAt < ALARM_MS) return;
    this.#alarmedAt = now();
    log.error('epoch.stale', { milliseconds: this.ageMs });
  }
}
