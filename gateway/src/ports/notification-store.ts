import type { Channel, Message } from './courier.js';
import type { DeliveryQueue, LedgerFed, Tried } from './delivery-queue.js';
import type { Notice } from './notices.js';

/** A message that waits for one channel; its address is sealed. */
export interface WaitingMessage extends Message, Tried {
  readonly channel: Channel;
  readonly sealed: Uint8Array;
}

/** A message of one channel, however far it has come. */
export interface Delivery {
  readonly notice: string;
  readonly channel: Channel;
  readonly status: 'waiting' | 'sent' | 'failed';
  readonly attempts: number;
  /** Instant at which it was sent, or given up. */
  readonly at?: string;
}

/**
 * Where subjects are told, and what of it is still to be told: a notice is taken in for all channels of its subject, each once. The
 * store is this gateway's alone; addresses come in sealed, and go with the last message that needed them.
 */
export interface NotificationStore extends DeliveryQueue<WaitingMessage>, LedgerFed<Notice> {
  /** Messages that are still to be brought. */
  readonly waiting: number;
  channels(subject: string): readonly Channel[];
  /** Replaces a subject's addresses, and tells the old ones so. */
  replace(subject: string, sealed: ReadonlyMap<Channel, Uint8Array>, told: Message, now: number): void;
  deliveries(subject: string): readonly Delivery[];
  /** Forgets a subject, with all that is kept of them. */
  forget(subject: string): void;
  /** What was told and is on no ledger. */
  told(subject: string): readonly Message[];
}
