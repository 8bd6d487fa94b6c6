import type { Stores } from '../commit/committer.js';
import { Waiting } from '../commit/waiting.js';
import type { LiveChannel } from '../config/live-channel.js';
import type { Definitions } from '../lifecycle/definitions.js';
import type { BroadcastResult, ChaincodeDefinition, Ledger, Snapshot, TransactionStatus } from '../ports.js';
import { LedgerSnapshot } from '../state/ledger-snapshot.js';
import { IDEAL, type PeerConditions } from './conditions.js';

/** What the peers have in common: all blocks that were ordered, and what followed from them. */
export interface CommonLedger extends Ledger {
  readonly channel: LiveChannel;
  /** The channel as it is for a peer of that height. */
  channelAt(height: number): LiveChannel;
  lifecycleRevisionAt(height: number): number;
}

/** A block on its way to the peer, and when it gets there. */
interface Coming {
  readonly block: number;
  /** Milliseconds on the clock of `performance.now`; less what the peer's own lag adds. */
  readonly after: number;
}

/**
 * The ledger as one organisation's peer has it. A peer that nothing holds up sees all that there is; one that lags
 * behind sees the state of its own height, as long as it takes: nothing of what came later shows.
 */
export class PeerLedger implements Ledger {
  readonly mspId: string;
  readonly #common: CommonLedger;
  readonly #stores: Stores;
  readonly #definitions: Definitions;
  readonly #heights = new Waiting<number>();
  readonly #coming: Coming[] = [];
  #conditions: PeerConditions = IDEAL;
  /** Its own height while it lags; undefined while it has all. */
  #behind: number | undefined;
  #timer: NodeJS.Timeout | undefined;
  #stopped = false;

  constructor(mspId: string, common: CommonLedger, stores: Stores, definitions: Definitions) {
    this.mspId = mspId;
    this.#common = common;
    this.#stores = stores;
    this.#definitions = definitions;
  }

  get conditions(): PeerConditions {
    return this.#conditions;
  }

  set conditions(conditions: PeerConditions) {
    this.#conditions = conditions;
    this.#proceed();
  }

  get channel(): LiveChannel {
    return this.#behind === undefined ? this.#common.channel : this.#common.channelAt(this.#behind);
  }

  get height(): number {
    return this.#behind ?? this.#common.height;
  }

  get lifecycleRevision(): number {
    return this.#common.lifecycleRevisionAt(this.height);
  }

  openSnapshot(): Snapshot {
    return new LedgerSnapshot(this.#stores, this.#behind);
  }

  transactionStatus(txId: string): TransactionStatus | undefined {
    const status = this.#common.transactionStatus(txId);
    return status !== undefined && status.blockNumber < this.height ? status : undefined;
  }

  async waitForTransaction(txId: string, signal: AbortSignal): Promise<TransactionStatus> {
    const status = await this.#common.waitForTransaction(txId, signal);
    await this.#waitForHeight(status.blockNumber + 1, signal);
    return status;
  }

  block(blockNumber: number): Buffer | undefined {
    return blockNumber < this.height ? this.#common.block(blockNumber) : undefined;
  }

  async waitForBlock(blockNumber: number, signal: AbortSignal): Promise<Buffer> {
    const block = await this.#common.waitForBlock(blockNumber, signal);
    await this.#waitForHeight(blockNumber + 1, signal);
    return block;
  }

  chaincodeDefinition(snapshot: Snapshot, name: string): ChaincodeDefinition | undefined {
    return this.#definitions.in(snapshot, name);
  }

  broadcast(envelope: Buffer): Promise<BroadcastResult> {
    return this.#common.broadcast(envelope);
  }

  stagePrivate(mspId: string, txId: string, privateSet: Buffer): void {
    this.#common.stagePrivate(mspId, txId, privateSet);
  }

  /**
   * A block is about to be committed. To be called before it changes anything, so that a peer that does not get it yet
   * keeps the state that it has.
   * @param waitMs How long the peer waits for private data before it goes on with this block.
   */
  beforeBlock(block: number, waitMs: number): void {
    const isHeldUp = waitMs > 0 || this.#conditions.lagMs !== 0;
    if (this.#behind === undefined) {
      if (!isHeldUp) return;
      this.#behind = block;
      this.#stores.state.hold(block);
    }
    this.#coming.push({ block, after: performance.now() + waitMs });
    this.#proceed();
  }

  /** The ledger ends: so does all waiting. */
  close(reason: Error): void {
    this.#stopped = true;
    clearTimeout(this.#timer);
    this.#heights.close(reason);
  }

  /** Takes the blocks whose time has come, and looks again when the next one's comes. */
  #proceed(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    for (;;) {
      const [next] = this.#coming;
      const { lagMs } = this.#conditions;
      if (next === undefined || this.#stopped || lagMs === 'stopped') return;
      const left = next.after + lagMs - performance.now();
      // A block that is announced is not committed in this turn yet.
      if (left > 0 || next.block >= this.#common.height) {
        this.#timer = setTimeout(
          () => {
            this.#proceed();
          },
          Math.max(0, left),
        );
        return;
      }
      this.#coming.shift();
      this.#receive(next.block);
    }
  }

  #receive(block: number): void {
    const before = this.#behind ?? block;
    const height = block + 1;
    if (height < this.#common.height) {
      this.#stores.state.hold(height);
      this.#behind = height;
    } else {
      this.#behind = undefined;
    }
    this.#stores.state.release(before);
    this.#heights.happened(String(height), height);
  }

  async #waitForHeight(height: number, signal: AbortSignal): Promise<void> {
    if (this.height < height) await this.#heights.wait(String(height), signal);
  }
}
