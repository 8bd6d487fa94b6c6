import type { peer } from '@hyperledger/fabric-protos';
import type { ProjectionStore } from './store.js';

/** The own peer. */
export interface BlockSource {
  /** Blocks with private data, from that one on; up to before `end` where there is one. Ends early when the signal aborts. */
  blocks(from: number, end: number | undefined, signal: AbortSignal): AsyncIterable<peer.BlockAndPrivateData>;
}

export interface FollowOptions {
  readonly store: ProjectionStore;
  readonly source: BlockSource;
  /** Fingerprint of the ledger. */
  readonly ledger: string;
  readonly chaincode: string;
  /** Collections that the member is in. */
  readonly collections: readonly string[];
  /** Follow up to before this block; absent: until the signal aborts. */
  readonly end?: number;
  readonly signal: AbortSignal;
  /** How often what is pending is asked for again; 10 s of itself. */
  readonly retryPendingMs?: number;
  /** After each transaction of the database. */
  readonly onProgress?: (progress: Progress) => void;
}

export interface Progress {
  readonly height: number;
  /** Access events in what was folded last. */
  readonly events: number;
}
