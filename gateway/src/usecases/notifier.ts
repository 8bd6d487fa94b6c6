import { UndeliverableError, type Channel, type Courier } from '../ports/courier.js';
import type { Logger } from '../ports/logger.js';
import type { Notices } from '../ports/notices.js';
import type { NotificationStore, WaitingMessage } from '../ports/notification-store.js';
import type { Projection } from '../ports/projection.js';
import type { SubjectSeal } from '../ports/subject-seal.js';
import { contactPurpose } from './contacts.js';

export interface NotifierOptions {
  /** MSP id. */
  readonly custodian: string;
  readonly projection: Projection;
  readonly notices: Notices;
  readonly store: NotificationStore;
  readonly seal: SubjectSeal;
  readonly couriers: ReadonlyMap<Channel, Courier>;
  /** Before a message is tried a second time, milliseconds. */
  readonly retryMs: number;
  /** After this long a message is given up, milliseconds. */
  readonly giveUpMs: number;
  readonly now: () => number;
  readonly log: Logger;
}

const AT_ONCE = 8;
const MOST_RETRY_MS = 3_600_000;
const IDLE_MS = 60_000;

/**
 * Tells subjects what is done in their name. What there is to tell follows from the projection, and is taken into the store
 * together with how far the ledger was read; so whatever is on the ledger is told at least once, from any crash.
 */
export class Notifier {
  readonly #options: NotifierOptions;
  #running: Promise<void> = Promise.resolve();
  #isStopped = false;
  #wake: () => void = () => undefined;

  constructor(options: NotifierOptions) {
    this.#options = options;
  }

  start(): void {
    this.#running = this.#run();
  }

  /** There may be something new: a block was folded, or a message waits. */
  look(): void {
    this.#wake();
  }

  /** Lets what is under way end. */
  async stop(): Promise<void> {
    this.#isStopped = true;
    this.#wake();
    await this.#running;
  }

  async #run(): Promise<void> {
    const { store, now, log } = this.#options;
    while (!this.#stopped()) {
      const woken = new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
      try {
        this.#takeIn();
        await this.#deliver();
      } catch (error) {
        log.error('notifications.interrupted', { error });
      }
      const wait = Math.min(Math.max((store.nextDue() ?? Infinity) - now(), 10), IDLE_MS);
      const timer = setTimeout(this.#wake, wait);
      timer.unref();
      await woken;
      clearTimeout(timer);
    }
  }

  /** A block whose values are not all there yet is read again, and what follows it, until they are. */
  #takeIn(): void {
    const { custodian, projection, notices, store, now } = this.#options;
    const { height } = projection;
    const [oldest] = projection.pending();
    if (store.scanned >= height) return;
    store.enqueue(notices.since(custodian, store.scanned), Math.min(oldest?.block ?? height, height), now());
  }

  async #deliver(): Promise<void> {
    const { store, now } = this.#options;
    while (!this.#stopped()) {
      const due = store.due(now(), AT_ONCE);
      if (due.length === 0) return;
      await Promise.all(due.map((message) => this.#try(message)));
    }
  }

  async #try(message: WaitingMessage): Promise<void> {
    const { store, now } = this.#options;
    try {
      await this.#send(message);
      store.tried(message, { status: 'sent', at: new Date(now()).toISOString() });
    } catch (error) {
      this.#failed(message, error);
    }
  }

  async #send({ channel, sealed, ...message }: WaitingMessage): Promise<void> {
    const courier = this.#options.couriers.get(channel);
    if (courier === undefined) throw new Error('nobody brings messages on this channel any more');
    const { id, subject, kind, at } = message;
    await courier.send(this.#addressOf(subject, channel, sealed), { id, subject, kind, at });
  }

  #addressOf(subject: string, channel: Channel, sealed: Uint8Array): string {
    try {
      return this.#options.seal.openFor(subject, sealed, contactPurpose(subject, channel)).toString('utf8');
    } catch (cause) {
      throw new UndeliverableError('the address cannot be opened', { cause });
    }
  }

  #failed(message: WaitingMessage, error: unknown): void {
    const { store, retryMs, giveUpMs, now, log } = this.#options;
    const attempt = message.attempts + 1;
    const isLate = now() - Date.parse(message.at) >= giveUpMs;
    if (error instanceof UndeliverableError || isLate) {
      log.error('notification.given-up', { attempt, error });
      store.tried(message, { status: 'failed', at: new Date(now()).toISOString() });
      return;
    }
    log.warn('notification.not-sent', { attempt, error });
    store.tried(message, {
      retryAt: now() + Math.min(retryMs * 2 ** message.attempts, MOST_RETRY_MS),
    });
  }

  #stopped(): boolean {
    return this.#isStopped;
  }
}
