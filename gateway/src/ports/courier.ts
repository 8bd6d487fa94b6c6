import type { CHANNELS } from '@consent-ledger/chaincode/wire/http';
import type { NoticeKind } from './notices.js';

export type Channel = (typeof CHANNELS)[number];

/** What a subject is told: that something was done in their name, and nothing of what it says. */
export interface Message {
  /** The same however often it is sent. */
  readonly id: string;
  readonly subject: string;
  readonly kind: NoticeKind;
  /** Instant at which it was done. */
  readonly at: string;
}

/** It was refused in a way that trying again will not change. */
export class UndeliverableError extends Error {
  override readonly name = 'UndeliverableError';
}

/** Brings messages to addresses of one channel. */
export interface Courier {
  /** Whether messages may go to that address at all, by the gateway's configuration. */
  accepts(address: string): boolean;
  /** Resolves when the other side has taken it; the same message may come twice. Throws an UndeliverableError, or why it may yet work. */
  send(address: string, message: Message): Promise<void>;
  close(): void | Promise<void>;
}
