import { UndeliverableError, type Channel, type Courier } from '../ports/courier.js';
import type { Logger } from '../ports/logger.js';
import type { Notices } from '../ports/notices.js';
import type { NotificationStore, WaitingMessage } from '../ports/notification-store.js';
import type { Projection } from '../ports/projection.js';
import type { SubjectSeal } from '../ports/subject-seal.js';
import { contactPurpose } from './contacts.js';
import { DeliveryLoop, fromLedger } from './delivery-loop.js';
import { Refusal } from './refusal.js';

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

const MOST_RETRY_MS = 3_600_000;

/**
 * Tells subjects what is done in their name. What there is to tell follows from the projection, and is taken into the store
 * together with how far the ledger was read; so whatever is on the ledger is told at least once, from any crash.
 */
export class Notifier {
  readonly #options: NotifierOptions;
  readonly #loop: DeliveryLoop<WaitingMessage>;

  constructor(options: NotifierOptions) {
    this.#options = options;
    const { custodian, projection, notices, store, retryMs, giveUpMs, now, log } = options;
    this.#loop = new DeliveryLoop({
      queue: store,
      takeIn: fromLedger(projection, store, (block) => notices.since(custodian, block), now),
      keyOf: ({ id, channel }) => JSON.stringify([id, channel]),
      bring: (message) => this.#send(message),
      isFinal: (error, { at }) => error instanceof UndeliverableError || now() - Date.parse(at) >= giveUpMs,
      events: {
        failed: 'notification.not-sent',
        givenUp: 'notification.given-up',
        interrupted: 'notifications.interrupted',
      },
      retryMs,
      mostRetryMs: MOST_RETRY_MS,
      now,
      log,
    });
  }

  start(): void {
    this.#loop.start();
  }

  /** There may be something new: a block was folded, or a message waits. */
  look(): void {
    this.#loop.look();
  }

  /** Lets what is under way end. */
  stop(): Promise<void> {
    return this.#loop.stop();
  }

  async #send({ channel, sealed, ...message }: WaitingMessage): Promise<void> {
    const courier = this.#options.couriers.get(channel);
    if (courier === undefined) throw new Error('nobody brings messages on this channel any more');
    const { id, subject, kind, at } = message;
    await courier.send(await this.#addressOf(subject, channel, sealed), { id, subject, kind, at });
  }

  async #addressOf(subject: string, channel: Channel, sealed: Uint8Array): Promise<string> {
    try {
      const address = await this.#options.seal.openFor(subject, sealed, contactPurpose(subject, channel));
      return address.toString('utf8');
    } catch (cause) {
      if (cause instanceof Refusal) throw cause;
      throw new UndeliverableError('the address cannot be opened', { cause });
    }
  }
}
