import type { Prepared } from './ledger.js';

/**
 * Transactions that were sent, or are about to be, and whose outcome is not known. What `keep` was given survives a crash
 * at any moment after it returned.
 */
export interface Outbox {
  /** `intents` name what the transaction is for, so that it is not proposed a second time meanwhile. */
  keep(prepared: Prepared, intents: readonly string[]): void;
  /** The outcome is known: forgets the transaction and its intents. */
  settle(transaction: string): void;
  open(): readonly Prepared[];
  isOpen(intent: string): boolean;
  readonly size: number;
}
