import type { Json } from '@consent-ledger/chaincode/wire';
import type { LedgerBlock } from './ledger.js';

/** A private value as it stands, with the transaction that wrote it. */
export interface PrivateValueAt {
  readonly value: Buffer;
  readonly transaction: string;
  readonly block: number;
}

/** An access event with everything that this member may read of it. */
export interface EventEntry {
  /** Where the event stands in the history; sorts, and is the cursor of a list. */
  readonly position: string;
  readonly collection: string;
  readonly key: string;
  readonly transaction: string;
  readonly block: number;
  /** Bytes of the event's value. */
  readonly value: Buffer;
  /** The event's part of `details`. */
  readonly detail: Json;
  /** Record ids of which the requester signed that it has them whole. */
  readonly delivered: readonly string[];
}

export interface EventFilter {
  readonly collections: readonly string[];
  readonly requester?: string;
  readonly subject?: string;
  readonly record?: string;
  readonly outcome?: 'permit' | 'deny';
  /** Position after which the list goes on. */
  readonly after?: string;
  readonly limit: number;
}

/** A block whose private values the own peer did not have in full when it was folded. */
export interface PendingBlock {
  readonly block: number;
  readonly values: number;
}

/** The fold of the valid transactions of the own peer's blocks, each exactly once; it can be thrown away and made again. */
export interface Projection {
  /** Number of blocks folded. */
  readonly height: number;
  /** Folds the next block, or takes a block that is pending again. All of it or nothing. */
  fold(block: LedgerBlock): void;
  publicValue(key: string): Buffer | undefined;
  /** Public keys that start so, with their values, in the order of the keys. */
  publicValues(prefix: string): readonly { readonly key: string; readonly value: Buffer }[];
  /** Undefined where nothing is there; throws a Refusal `event-pending` where the own peer lacks the newest value. */
  privateValue(collection: string, key: string): PrivateValueAt | undefined;
  event(collection: string, key: string): EventEntry | undefined;
  events(filter: EventFilter): readonly EventEntry[];
  pending(): readonly PendingBlock[];
  /** Hash of the genesis block's header and the committed collections, once they have been folded, and those before them. */
  readonly founded: {
    readonly ledger?: string;
    readonly collectionsDigest?: string;
    readonly earlierCollections: readonly string[];
  };
}
