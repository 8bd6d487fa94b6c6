/** What stands in a queue beside the thing itself. */
export interface Tried {
  /** How often it was tried. */
  readonly attempts: number;
  /** Epoch milliseconds at which it is to be tried. */
  readonly due: number;
}

/** What is still to be brought to somebody; what is in here survives a crash at any moment. */
export interface DeliveryQueue<Waiting extends Tried> {
  /** What is to be tried first, due already or not yet, longest waiting first. */
  next(limit: number): readonly Waiting[];
  /** It was brought, or there is nothing to bring any more; what is newer still waits. `now` in epoch milliseconds. */
  settle(waiting: Waiting, now: number): void;
  /** It is tried no more. */
  giveUp(waiting: Waiting, now: number): void;
  /** It is tried again at `at`. */
  retry(waiting: Waiting, at: number): void;
}

/** A queue that is filled with what the ledger says is to be brought; with it, how far the ledger was read. */
export interface LedgerFed<Written> {
  /** Number of blocks of which all is in here. */
  readonly scanned: number;
  /** Takes what there is new to bring, and how far the ledger was read, in one: a crash loses nothing. */
  enqueue(written: Iterable<Written>, scanned: number, now: number): void;
}

/** What the ledger says is to be brought, of that block. */
export interface Written {
  readonly block: number;
}

/**
 * A queue of what the ledger has something new of. Each is there once: what is brought is what the ledger has by then, and
 * what is enqueued of a later block waits anew.
 */
export type LedgerQueue<Item extends Written> = DeliveryQueue<Item & Tried> & LedgerFed<Item>;
