import {
  EPOCH_OVER,
  isBefore,
  type Ledger,
  type LedgerBlock,
  type Settled,
  type Version,
} from '../ports/ledger.js';
import type { Logger } from '../ports/logger.js';
import type { Outbox } from '../ports/outbox.js';
import type { Projection } from '../ports/projection.js';
import { delay, within } from './delay.js';
import { hexSha256 } from './hex-hash.js';
import { Refusal } from './refusal.js';
import { Shared } from './shared.js';

export interface ChainOptions {
  readonly ledger: Ledger;
  readonly projection: Projection;
  readonly outbox: Outbox;
  readonly log: Logger;
  /** Namespace and public key that tell the epoch. */
  readonly chaincode: string;
  readonly epochKey: string;
  /** What makes the ledger, as it is folded, one that nothing may rest on. Counts when no newer blocks are there that may mend it. */
  readonly wrong: () => Error | undefined;
  /** An own transaction's outcome is known. */
  readonly onSettled: (transaction: string) => void;
}

const RECENT_BLOCKS = 8;
const RETRY_MS = [100, 200, 500, 1_000];
/** How long the own peer may be out of reach before calls are refused instead of tried. */
const OUT_OF_REACH_MS = 3_000;
const CURRENT_POLL_MS = 50;
const PENDING_RETRY_MS = 1_000;
const PENDING_ALARM_MS = 60_000;

/**
 * Follows the own peer's blocks: folds each into the projection, then tells those who wait for a transaction or a height.
 * So whoever is told that a transaction is valid finds its effect in the projection.
 */
export class Chain {
  readonly #options: ChainOptions;
  readonly #stop = new AbortController();
  readonly #watchers = new Map<string, (settled: Settled) => void>();
  readonly #heightWatchers = new Set<{ readonly height: number; readonly reached: () => void }>();
  readonly #onFolded: ((block: LedgerBlock) => void)[] = [];
  /** Value hashes of the private writes in the newest blocks, by block, then transaction, collection and key hash. */
  readonly #recent = new Map<number, Map<string, string>>();
  readonly #pendingSince = new Map<number, number>();
  readonly #heights: Shared<number>;
  #running: Promise<unknown> = Promise.resolve();
  #state: 'connecting' | 'following' | 'failed' | 'stopped' = 'connecting';
  #reachedAt = performance.now();
  /** Of the own peer, as it was asked last. */
  #heightThere = 0;
  #epoch: Version | undefined;
  #broken: ((error: Error) => void) | undefined;
  /** Resolves when the ledger turns out to be wrong; the chain has stopped at that block. */
  readonly broken = new Promise<Error>((resolve) => {
    this.#broken = resolve;
  });

  constructor(options: ChainOptions) {
    this.#options = options;
    this.#heights = new Shared(() => options.ledger.height());
  }

  /** Version of the epoch, as far as this process has followed it; undefined before it first moved. */
  get epoch(): Version | undefined {
    return this.#epoch;
  }

  /**
   * Resolves while blocks come in, so that what the projection says is what the own peer has; throws a Refusal `ledger-unavailable`
   * where they do not come in again within so many milliseconds, and where the ledger is not what was agreed.
   */
  async current(milliseconds: number): Promise<void> {
    const end = performance.now() + milliseconds;
    while (this.#state !== 'following') {
      if (this.#state !== 'connecting' || performance.now() > end) throw new Refusal('ledger-unavailable');
      await delay(CURRENT_POLL_MS, this.#stop.signal);
    }
    if (this.#options.wrong() !== undefined) throw new Refusal('ledger-unavailable');
  }

  /**
   * Resolves when everything is folded that the own peer had when this was called, so that what the projection says then is at least as
   * new. Throws a Refusal where that takes longer than so many milliseconds: `ledger-unavailable`, or `event-pending`.
   */
  async level(milliseconds: number): Promise<void> {
    await this.current(milliseconds);
    await this.reached(await this.#heights.next(), milliseconds);
  }

  /** Throws a Refusal `ledger-unavailable` where the own peer has not answered for some seconds: no need to wait for it. */
  requireReach(): void {
    const isTrying = this.#state === 'connecting' && performance.now() - this.#reachedAt < OUT_OF_REACH_MS;
    if (this.#state !== 'following' && !isTrying) throw new Refusal('ledger-unavailable');
  }

  /** For how long the own peer has been out of reach, milliseconds; undefined where it is not known to be. */
  get outOfReachForMs(): number | undefined {
    const silentMs = performance.now() - this.#reachedAt;
    return this.#state === 'connecting' && silentMs >= OUT_OF_REACH_MS ? silentMs : undefined;
  }

  get state(): 'connecting' | 'following' | 'failed' | 'stopped' {
    return this.#state;
  }

  start(): void {
    this.#running = Promise.all([this.#follow(), this.#fetchPending()]);
  }

  async stop(): Promise<void> {
    this.#stop.abort();
    await this.#running;
    this.#state = 'stopped';
  }

  /** Is told of each block as soon as it is folded, before anybody who waits for it; and again when late values came. */
  onFolded(listener: (block: LedgerBlock) => void): void {
    this.#onFolded.push(listener);
  }

  /** Resolves when the transaction is in a folded block; call it before the transaction is sent. */
  watch(transaction: string): { readonly settled: Promise<Settled>; readonly forget: () => void } {
    const settled = new Promise<Settled>((resolve) => {
      this.#watchers.set(transaction, resolve);
    });
    return {
      settled,
      forget: () => {
        this.#watchers.delete(transaction);
      },
    };
  }

  /** Someone else learnt the outcome of a transaction, such as by asking the peer after a restart. */
  settle(transaction: string, settled: Settled): void {
    if (this.#options.outbox.settle(transaction)) this.#options.onSettled(transaction);
    const tell = this.#watchers.get(transaction);
    this.#watchers.delete(transaction);
    tell?.(settled);
  }

  /** Resolves when `height` blocks are folded; throws a Refusal `event-pending` when that takes too long. */
  async reached(height: number, milliseconds: number): Promise<void> {
    if (this.#options.projection.height >= height) return;
    let watcher: { readonly height: number; readonly reached: () => void } | undefined;
    const there = new Promise<true>((resolve) => {
      watcher = {
        height,
        reached: () => {
          resolve(true);
        },
      };
      this.#heightWatchers.add(watcher);
    });
    try {
      if ((await within(there, milliseconds)) === undefined) throw new Refusal('event-pending');
    } finally {
      if (watcher !== undefined) this.#heightWatchers.delete(watcher);
    }
  }

  /** Whether all blocks that the own peer has are folded; false where it does not say. */
  async isLevel(): Promise<boolean> {
    const { ledger, projection, log } = this.#options;
    try {
      this.#heightThere = await ledger.height();
      return projection.height >= this.#heightThere;
    } catch (error) {
      log.warn('chain.height-unknown', { height: projection.height, error });
      return false;
    }
  }

  /**
   * SHA-256 (hex) of the value that a valid transaction in `block` wrote under a private key, as the own peer has it;
   * undefined where it wrote none there. Works for collections whose values this member may not read.
   */
  async writtenHash(
    block: number,
    transaction: string,
    collection: string,
    key: string,
  ): Promise<string | undefined> {
    const hashes = this.#recent.get(block) ?? hashesOf(await this.#options.ledger.block(block));
    const keyHash = hexSha256(key);
    return hashes.get(placeOf(transaction, collection, keyHash));
  }

  async #follow(): Promise<void> {
    const { ledger, projection, log } = this.#options;
    const signal = this.#stop.signal;
    for (let failures = 0; !signal.aborted; failures += 1) {
      try {
        for await (const block of ledger.follow(this.#start(), signal)) {
          if (this.#hasFailed() || !this.#take(block) || (await this.#isWrong())) return;
          if (this.#state !== 'following') log.info('chain.following', { height: projection.height });
          this.#state = 'following';
          failures = 0;
        }
      } catch (error) {
        if (isAborted(signal)) return;
        log.warn('chain.interrupted', { height: projection.height, error });
      }
      if (this.#state === 'following') this.#reachedAt = performance.now();
      this.#state = 'connecting';
      await delay(RETRY_MS[Math.min(failures, RETRY_MS.length - 1)] ?? 1_000, signal);
    }
  }

  /**
   * The last block that is folded already: it comes at once, and shows that the stream is open. After a restart the first one that an
   * open transaction may be in: its outcome may have been folded and not noted.
   */
  #start(): number {
    const { outbox, projection } = this.#options;
    const open = outbox.size === 0 ? [] : outbox.open();
    return Math.max(0, Math.min(projection.height - 1, ...open.map(({ height }) => height)));
  }

  #hasFailed(): boolean {
    return this.#state === 'failed';
  }

  /** Then nothing is followed any more, and whoever runs this gateway is told. */
  async #isWrong(): Promise<boolean> {
    const { projection, log, wrong } = this.#options;
    const error = wrong();
    if (error === undefined || projection.height < this.#heightThere || !(await this.isLevel())) return false;
    this.#state = 'failed';
    log.error('ledger.wrong', { height: projection.height, error });
    this.#broken?.(error);
    return true;
  }

  /** False where nothing may be built on this block: then this gateway knows nothing of what comes after, and says so. */
  #take(block: LedgerBlock): boolean {
    const { projection, log } = this.#options;
    const isKnown = block.number < projection.height - 1;
    try {
      if (!isKnown) projection.fold(block);
    } catch (error) {
      this.#state = 'failed';
      log.error('projection.failed', { block: block.number, error });
      return false;
    }
    if (!isKnown) for (const listener of this.#onFolded) listener(block);
    this.#recent.set(block.number, hashesOf(block));
    this.#recent.delete(block.number - RECENT_BLOCKS);
    this.#settleAll(block);
    for (const watcher of this.#heightWatchers) {
      if (projection.height >= watcher.height) watcher.reached();
    }
    return true;
  }

  #settleAll(block: LedgerBlock): void {
    for (const { id, valid, code } of block.transactions) {
      // The second copy of a transaction says nothing about the first.
      if (code !== 'DUPLICATE_TXID') this.settle(id, { valid, code, block: block.number });
    }
    const { chaincode, epochKey } = this.#options;
    for (const { index, writes } of block.transactions) {
      const moved = writes.some(({ namespace, key }) => namespace === chaincode && key === epochKey);
      if (moved) this.#moveEpoch({ block: block.number, place: index });
    }
  }

  /**
   * What read an earlier epoch and is in no block up to here can never be valid in a later one. Every block since such a transaction
   * was kept has been looked through, so its outcome is known.
   */
  #moveEpoch(epoch: Version): void {
    if (this.#epoch !== undefined && !isBefore(this.#epoch, epoch)) return;
    this.#epoch = epoch;
    const { outbox, log } = this.#options;
    for (const { transaction, epoch: rested } of outbox.size === 0 ? [] : outbox.open()) {
      if (rested === undefined || !isBefore(rested, epoch)) continue;
      log.info('transaction.epoch-over', { transaction, block: epoch.block });
      this.settle(transaction, { valid: false, code: EPOCH_OVER, block: epoch.block });
    }
  }

  async #fetchPending(): Promise<void> {
    const { ledger, projection, log } = this.#options;
    while (!this.#stop.signal.aborted) {
      await delay(PENDING_RETRY_MS, this.#stop.signal);
      if (this.#state !== 'following' || (await this.#isWrong())) continue;
      for (const { block, values } of projection.pending()) {
        if (isAborted(this.#stop.signal)) return;
        try {
          const again = await ledger.block(block);
          projection.fold(again);
          for (const listener of this.#onFolded) listener(again);
        } catch (error) {
          log.warn('projection.pending-not-fetched', { block, error });
        }
        this.#alarm(block, values);
      }
      this.#forgetArrived();
    }
  }

  /** A peer may lack private data for a while; what does not come is told, again and again. */
  #alarm(block: number, count: number): void {
    const since = this.#pendingSince.get(block) ?? Date.now();
    this.#pendingSince.set(block, since);
    if (Date.now() - since < PENDING_ALARM_MS) return;
    this.#options.log.error('projection.pending-too-long', {
      block,
      count,
      milliseconds: Date.now() - since,
    });
    this.#pendingSince.set(block, Date.now());
  }

  #forgetArrived(): void {
    const still = new Set(this.#options.projection.pending().map(({ block }) => block));
    for (const block of this.#pendingSince.keys()) if (!still.has(block)) this.#pendingSince.delete(block);
  }
}

function isAborted(signal: AbortSignal): boolean {
  return signal.aborted;
}

function hashesOf(block: LedgerBlock): Map<string, string> {
  return new Map(
    block.transactions.flatMap(({ id, valid, hashed }) =>
      !valid
        ? []
        : hashed.flatMap(({ collection, keyHash, valueHash }) =>
            valueHash === undefined ? [] : [[placeOf(id, collection, keyHash), valueHash] as const],
          ),
    ),
  );
}

function placeOf(transaction: string, collection: string, keyHash: string): string {
  return `${transaction} ${collection} ${keyHash}`;
}
