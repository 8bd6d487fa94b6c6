import type { Prepared } from './ledger.js';

/** A transaction whose outcome is not known. */
export interface Open extends Prepared {
  /** Number of blocks that were folded when it was kept: it is in none of them. */
  readonly height: number;
}

/**
 * Transactions that were sent, or are about to be, and whose outcome is not known. What `keep` was given survives a crash
 * at any moment after it returned.
 */
export interface Outbox {
  /** `intents` name what the transaction is for, so that it is not proposed a second time meanwhile. */
  keep(open: Open, intents: readonly string[]): void;
  /** The outcome is known: forgets the transaction and its intents. False where it was not open. */
  settle(transaction: string): boolean;
  open(): readonly Open[];
  isOpen(intent: string): boolean;
  readonly size: number;
}
