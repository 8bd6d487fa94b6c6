import { Changes } from './changes.js';
import { requireNext, requireOwn, requireSame, type Tip } from './chaining.js';
import { foldTransaction, type Followed } from './folding/fold-transaction.js';
import { readFollowed, type FollowedBlock } from './followed-block.js';
import type { FollowOptions } from './follow-options.js';
import { fillPending } from './pending.js';
import { ProjectionMoved } from './store.js';
import type { Checkpoint } from './tables.js';

const VALID = 0;

/** Rows that wait for the database before the next block is read, and that go into one transaction. */
const BATCH_ROWS = 20_000;

/** How long after a look at what is pending the next one is. */
const RETRY_PENDING_MS = 10_000;

/**
 * Folds the peer's blocks into the projection, each valid transaction once, whatever was interrupted before and whoever else
 * follows into the same database. First what was pending is asked for again.
 * @throws ProjectionStopped where the blocks do not go on from what was folded; whatever the source and the store throw
 */
export async function follow(options: FollowOptions): Promise<void> {
  for (let isOver = false; !isOver;) {
    try {
      isOver = await followOn(options);
    } catch (error) {
      // Another process folded the same blocks: go on from where it is.
      if (!(error instanceof ProjectionMoved)) throw error;
    }
  }
}

/** @returns false where pending values are to be asked for again before it goes on */
async function followOn(options: FollowOptions): Promise<boolean> {
  const { store, source, end, signal } = options;
  const checkpoint = await store.checkpoint();
  requireOwn(checkpoint, options);
  const arePending = await fillPending(options, checkpoint);
  if (isAborted(signal) || (end !== undefined && checkpoint.height >= end)) return true;
  const folding = new Folding(options, checkpoint, arePending);
  const interruption = new AbortController();
  const writing = folding.writeAll().catch((error: unknown) => {
    interruption.abort();
    throw error;
  });
  // Looked at below; until then nobody waits for it.
  writing.catch(() => undefined);
  const retry = setInterval(() => {
    if (folding.arePending) interruption.abort();
  }, options.retryPendingMs ?? RETRY_PENDING_MS);
  try {
    // The last block once more: whether it still is what it was.
    const from = Math.max(0, checkpoint.height - 1);
    for await (const delivered of source.blocks(from, end, AbortSignal.any([signal, interruption.signal])))
      await folding.take(readFollowed(delivered));
  } finally {
    clearInterval(retry);
    folding.finish();
    await writing;
  }
  return !interruption.signal.aborted || isAborted(signal);
}

/** Asked anew each time: it changes while others work. */
function isAborted(signal: AbortSignal): boolean {
  return signal.aborted;
}

/** Blocks are folded while the database writes those before them. */
class Folding {
  readonly #options: FollowOptions;
  readonly #followed: Followed;
  readonly #passedOver: Set<string>;
  /** Last block that was folded. */
  #tip: Tip;
  /** The last one of an earlier run comes once more. */
  #isRepeated: boolean;
  #written: number;
  #changes = new Changes();
  #isOver = false;
  #wake: () => void = () => undefined;
  #makeRoom: () => void = () => undefined;
  arePending: boolean;

  constructor(options: FollowOptions, checkpoint: Checkpoint, arePending: boolean) {
    this.#options = options;
    this.#followed = { chaincode: options.chaincode, collections: new Set(options.collections) };
    this.#passedOver = new Set(JSON.parse(checkpoint.passed_over) as string[]);
    this.#tip = checkpoint;
    this.#isRepeated = checkpoint.height > 0;
    this.#written = checkpoint.height;
    this.arePending = arePending;
  }

  /** Returns when there is room for another. */
  async take(block: FollowedBlock): Promise<void> {
    if (this.#isRepeated) {
      this.#isRepeated = false;
      requireSame(block, this.#tip.height - 1, this.#tip.hash);
      return;
    }
    requireNext(block, this.#tip, this.#options.ledger);
    this.#changes.merge(foldBlock(block, this.#followed));
    this.#tip = { height: block.number + 1, hash: block.hash };
    this.#wake();
    if (this.#changes.size < BATCH_ROWS || this.#isOver) return;
    await new Promise<void>((resolve) => {
      this.#makeRoom = resolve;
    });
  }

  /** No block comes any more. */
  finish(): void {
    this.#isOver = true;
    this.#wake();
  }

  /** Returns when all is written that was taken before the end. */
  async writeAll(): Promise<void> {
    try {
      for (;;) {
        if (this.#tip.height > this.#written) await this.#write();
        else if (this.#isOver) return;
        else
          await new Promise<void>((resolve) => {
            this.#wake = resolve;
          });
      }
    } finally {
      this.#isOver = true;
      this.#makeRoom();
    }
  }

  async #write(): Promise<void> {
    const changes = this.#changes;
    const { height, hash } = this.#tip;
    this.#changes = new Changes();
    this.#makeRoom();
    for (const collection of changes.passedOver) this.#passedOver.add(collection);
    const { store, ledger, collections, onProgress } = this.#options;
    const passedOver = [...this.#passedOver].sort();
    await store.write(changes, { from: this.#written, height, hash, ledger, collections, passedOver });
    this.#written = height;
    if (changes.rows.has('pending')) this.arePending = true;
    onProgress?.({ height, events: changes.events });
  }
}

/** All of a block or, where it throws, nothing. */
function foldBlock(block: FollowedBlock, followed: Followed): Changes {
  const changes = new Changes();
  for (const transaction of block.transactions) {
    if (transaction.code === VALID) foldTransaction(block.number, transaction, followed, changes);
  }
  const { number, hash, at, transactions } = block;
  changes.add('block', { number, hash, at, transactions: transactions.length });
  return changes;
}
