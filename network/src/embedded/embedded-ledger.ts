import { encodeBlock, type BlockHeader, type NamespaceRwset } from '../wire-format/index.js';
import type { Committer, Stores } from './commit/committer.js';
import { Waiting } from './commit/waiting.js';
import { ChannelHistory } from './config/channel-history.js';
import { readChannelConfig } from './config/channel-config.js';
import { isConfiguration } from './config/is-configuration.js';
import type { LiveChannel } from './config/live-channel.js';
import type { Gathered } from './commit/private-gathering.js';
import type { Reconciliation } from './commit/reconciliation.js';
import type { PeerView } from './deliver/peer-view.js';
import type { Definitions } from './lifecycle/definitions.js';
import { LIFECYCLE_NAMESPACE } from './lifecycle/definitions.js';
import { writeBlock } from './orderer/block-writer.js';
import { Orderer } from './orderer/orderer.js';
import type { PeerConditions } from './peers/conditions.js';
import { DeliveredView } from './peers/delivered-view.js';
import { PeerLedger, type CommonLedger } from './peers/peer-ledger.js';
import type { PeerLedgers } from './peers/peer-ledgers.js';
import type {
  BroadcastResult,
  ChaincodeDefinition,
  PeerSigner,
  Snapshot,
  TransactionStatus,
} from './ports.js';
import { LedgerSnapshot } from './state/ledger-snapshot.js';
import type { TipWitness } from './store/tip-witness.js';
import type { TransientStore } from './store/transient-store.js';
import type { JudgedBlock } from './validation/validator.js';

/** Blocks after which waiting transient data is looked through. */
const EXPIRE_EVERY = 100;

export interface LedgerParts {
  readonly channel: LiveChannel;
  readonly stores: Stores;
  readonly transient: TransientStore;
  readonly witness: TipWitness;
  readonly committer: Committer;
  readonly definitions: Definitions;
  readonly peers: PeerLedgers;
  readonly reconciliation: Reconciliation;
  readonly orderer: PeerSigner;
  /** Header of the block at the tip, and the index of the last configuration block. */
  readonly tip: { readonly header: BlockHeader; readonly lastConfigIndex: number };
  /** Milliseconds since the epoch. */
  readonly now: () => number;
  /** Learns why the ledger stopped: the disk is full or fails. */
  readonly onFailure: (error: unknown) => void;
  /** Says what an error of the database means. */
  readonly explain: (error: unknown, block: number) => unknown;
}

/** The committing half: one orderer, and the peers' common ledger with each organisation's private data. */
export class EmbeddedLedger implements CommonLedger {
  readonly channel: LiveChannel;
  readonly #channels: ChannelHistory;
  readonly #parts: LedgerParts;
  readonly #orderer: Orderer;
  readonly #transactions = new Waiting<TransactionStatus>();
  readonly #blocks = new Waiting<Buffer>();
  /** Blocks that changed definitions or approvals, since the ledger was opened. */
  readonly #lifecycleBlocks: number[] = [];
  #tip: BlockHeader;
  #lastConfigIndex: number;

  constructor(parts: LedgerParts) {
    this.#parts = parts;
    this.channel = parts.channel;
    this.#channels = new ChannelHistory(parts.channel);
    this.#tip = parts.tip.header;
    this.#lastConfigIndex = parts.tip.lastConfigIndex;
    this.#orderer = new Orderer(
      parts.channel,
      parts.orderer,
      parts.now,
      (batch) => {
        this.#commit(batch);
      },
      (error) => {
        this.#fail(error);
      },
    );
  }

  get height(): number {
    return this.#parts.stores.blocks.height;
  }

  openSnapshot(): Snapshot {
    return new LedgerSnapshot(this.#parts.stores);
  }

  transactionStatus(txId: string): TransactionStatus | undefined {
    const found = this.#parts.stores.blocks.transaction(txId);
    return found;
  }

  async waitForTransaction(txId: string, signal: AbortSignal): Promise<TransactionStatus> {
    return this.transactionStatus(txId) ?? (await this.#transactions.wait(txId, signal));
  }

  block(blockNumber: number): Buffer | undefined {
    return this.#parts.stores.blocks.read(blockNumber);
  }

  async waitForBlock(blockNumber: number, signal: AbortSignal): Promise<Buffer> {
    return this.block(blockNumber) ?? (await this.#blocks.wait(String(blockNumber), signal));
  }

  chaincodeDefinition(snapshot: Snapshot, name: string): ChaincodeDefinition | undefined {
    return this.#parts.definitions.in(snapshot, name);
  }

  get lifecycleRevision(): number {
    return this.#lifecycleBlocks.length;
  }

  lifecycleRevisionAt(height: number): number {
    return this.#lifecycleBlocks.findLastIndex((block) => block < height) + 1;
  }

  channelAt(height: number): LiveChannel {
    return this.#channels.at(height);
  }

  broadcast(envelope: Buffer): Promise<BroadcastResult> {
    return Promise.resolve(this.order(envelope));
  }

  /** What {@link broadcast} does, at once. */
  order(envelope: Uint8Array): BroadcastResult {
    return this.#orderer.broadcast(envelope);
  }

  stagePrivate(mspId: string, txId: string, privateSet: Buffer): void {
    this.#parts.transient.stage(mspId, txId, this.height, privateSet);
  }

  /** What the peers would make of a block of these envelopes if it came next; nothing is committed. */
  judge(envelopes: readonly Buffer[]): JudgedBlock {
    return this.#parts.committer.judge(this.height, envelopes);
  }

  /** The ledger as one organisation's peer has it. */
  peer(mspId: string): PeerLedger {
    const { peers, stores, definitions } = this.#parts;
    return peers.of(mspId, () => new PeerLedger(mspId, this, stores, definitions));
  }

  /** What the peer delivers. */
  peerView(mspId: string): PeerView {
    return new DeliveredView(this.peer(mspId), this.#parts.stores, this.#parts.definitions);
  }

  /** Changes what is not at its best with an organisation's peer, at once. */
  setConditions(mspId: string, conditions: PeerConditions): void {
    this.peer(mspId).conditions = conditions;
    this.#parts.reconciliation.schedule(mspId);
  }

  /** Commits what waits for the batch timeout. */
  flush(): void {
    this.#orderer.flush();
  }

  /** Stops accepting and wakes everyone who waits. */
  stop(reason: string): void {
    this.#orderer.stop(reason);
    this.#parts.reconciliation.close();
    for (const peer of this.#parts.peers.all()) peer.close(new Error(reason));
    this.#transactions.close(new Error(reason));
    this.#blocks.close(new Error(reason));
  }

  #commit(batch: readonly Buffer[]): void {
    const number = this.height;
    try {
      const lastConfigIndex = batch.some(isConfiguration) ? number : this.#lastConfigIndex;
      const ordered = writeBlock(this.#tip, batch, lastConfigIndex, this.#parts.orderer);
      let missing: Gathered['missing'] = [];
      const { block, transactions } = this.#parts.committer.commit(ordered, (gathered) => {
        missing = gathered.missing;
        for (const peer of this.#parts.peers.all()) {
          peer.beforeBlock(number, gathered.waits.get(peer.mspId) ?? 0);
        }
      });
      this.#tip = block.header;
      this.#parts.witness.committed(block.header);
      if (transactions.some(({ code, configEnvelope }) => code === 0 && configEnvelope !== undefined)) {
        this.#channels.change(number, readChannelConfig(block));
        this.#lastConfigIndex = number;
      }
      if (transactions.some(({ code, namespaces }) => code === 0 && changesLifecycle(namespaces))) {
        this.#lifecycleBlocks.push(number);
        this.#parts.reconciliation.afterBlock(transactions);
      }
      for (const { txId, code, index } of transactions) {
        this.#parts.transient.forget(txId);
        this.#transactions.happened(txId, { code, blockNumber: number, tx: index });
      }
      this.#blocks.happened(String(number), this.block(number) ?? encodeBlock(block));
      for (const mspId of new Set(missing.map((entry) => entry.mspId))) {
        this.#parts.reconciliation.schedule(mspId);
      }
      if (number % EXPIRE_EVERY === 0) this.#parts.transient.expire(number);
    } catch (error) {
      throw this.#parts.explain(error, number);
    }
  }

  #fail(error: unknown): void {
    const reason = error instanceof Error ? error.message : String(error);
    this.stop(`the ledger has stopped: ${reason}`);
    this.#parts.onFailure(error);
  }
}

function changesLifecycle(namespaces: readonly NamespaceRwset[]): boolean {
  return namespaces.some(
    ({ namespace, public: { writes }, collections }) =>
      namespace === LIFECYCLE_NAMESPACE &&
      (writes.length > 0 || collections.some((collection) => collection.writes.length > 0)),
  );
}
