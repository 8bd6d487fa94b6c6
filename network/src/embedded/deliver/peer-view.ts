import type { LiveChannel } from '../config/live-channel.js';
import type { CollectionDefinition } from '../ports.js';

/** A private set of a transaction as one organisation's peer holds it. */
export interface HeldPrivateSet {
  readonly tx: number;
  readonly namespace: string;
  readonly collection: string;
  /** Serialised kvrwset.KVRWSet. */
  readonly rwset: Buffer;
}

/** Blocks, as peers and orderers deliver them. */
export interface BlockView {
  readonly channel: LiveChannel;
  readonly height: number;
  /** Serialised block; waits for it when it is still to come, rejects with the signal's reason. */
  waitForBlock(blockNumber: number, signal: AbortSignal): Promise<Buffer>;
}

/**
 * The ledger as one organisation's peer sees it. Peers of a real network lag behind each other by some time: a
 * delay for an organisation belongs in its view, in front of the common ledger.
 */
export interface PeerView extends BlockView {
  readonly mspId: string;
  /** By transaction, then by names. */
  privateSets(blockNumber: number): readonly HeldPrivateSet[];
  /** The collection as the definition in force below a block has it; undefined for implicit ones. */
  collectionBelow(
    blockNumber: number,
    namespace: string,
    collection: string,
  ): CollectionDefinition | undefined;
}
