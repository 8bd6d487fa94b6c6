import type { Channel, Message } from './courier.js';
import type { Notice } from './notices.js';

/** A message that waits for one channel; its address is sealed. */
export interface WaitingMessage extends Message {
  readonly channel: Channel;
  readonly sealed: Uint8Array;
  /** How often it was tried. */
  readonly attempts: number;
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
 * Where subjects are told, and what of it is still to be told. The store is this gateway's alone; addresses come in sealed, and go
 * with the last message that needed them.
 */
export interface NotificationStore {
  /** Number of blocks whose notices are all in here. */
  readonly scanned: number;
  /** Messages that are still to be brought. */
  readonly waiting: number;
  /** Takes notices for all channels of their subjects, each once; with them, how far the ledger has been read. */
  enqueue(notices: Iterable<Notice>, scanned: number, now: number): void;
  channels(subject: string): readonly Channel[];
  /** Replaces a subject's addresses, and tells the old ones so. */
  replace(subject: string, sealed: ReadonlyMap<Channel, Uint8Array>, told: Message, now: number): void;
  /** What is to be tried by now, longest waiting first. */
  due(now: number, limit: number): readonly WaitingMessage[];
  /** Epoch milliseconds at which the next is due; undefined where nothing waits. */
  nextDue(): number | undefined;
  /** It was tried: what became of it, or when it is to be tried again. */
  tried(
    message: WaitingMessage,
    outcome: { readonly status: 'sent' | 'failed'; readonly at: string } | { readonly retryAt: number },
  ): void;
  deliveries(subject: string): readonly Delivery[];
  /** Forgets a subject, with all that is kept of them. */
  forget(subject: string): void;
  /** What was told and is on no ledger. */
  told(subject: string): readonly Message[];
}
