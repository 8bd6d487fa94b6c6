import type { Command, Query } from '@consent-ledger/chaincode/wire';

/** Whom a call is for: everybody, or those who read one custodian's collection. */
export type Audience =
  | { readonly contract: 'registry' }
  | { readonly contract: 'custody' | 'withdrawal'; /** MSP id. */ readonly custodian: string };

/** A transaction that is endorsed and signed, and not sent yet: sending the same bytes twice makes one transaction. */
export interface Prepared {
  readonly transaction: string;
  readonly bytes: Uint8Array;
  readonly signature: Uint8Array;
}

/** What became of a transaction, as the own peer has it in a block. */
export interface Settled {
  readonly valid: boolean;
  /** Name of Fabric's validation code, such as MVCC_READ_CONFLICT. */
  readonly code: string;
  readonly block: number;
}

/**
 * The own organisation's peer, and nobody else. Everything that fails is a Refusal: the chaincode's own code where
 * it refused; `ledger-conflict` where endorsers differed, so that proposing afresh may help; `ledger-unavailable`.
 */
export interface Ledger {
  /** Answers with the bytes that chaincode answered with; none where the ledger holds nothing. */
  query(query: Query, audience: Audience): Promise<Uint8Array>;
  /** Has a command executed by the endorsers that its audience needs. Nothing is ordered yet. */
  prepare(command: Command, audience: Audience, as?: 'client' | 'admin'): Promise<Prepared>;
  /** Hands a prepared transaction to the orderers. Resolves when they took it, which is no commit. */
  submit(prepared: Prepared): Promise<void>;
  /** What became of a transaction; undefined where the own peer has not heard of it after `milliseconds`. */
  outcome(transaction: string, milliseconds: number): Promise<Settled | undefined>;
  /** Blocks from `from` on, as they come, with the private data that this peer holds; ends only by `signal` or error. */
  follow(from: number, signal: AbortSignal): AsyncIterable<LedgerBlock>;
  /** How many blocks the own peer has. */
  height(): Promise<number>;
  /** One block that is there already, again. */
  block(number: number): Promise<LedgerBlock>;
}

export interface LedgerBlock {
  readonly number: number;
  /** Lower-case hex SHA-256 of the block's header. */
  readonly hash: string;
  /** Endorser transactions only, with their index in the block. */
  readonly transactions: readonly LedgerTransaction[];
}

export interface LedgerTransaction {
  readonly index: number;
  readonly id: string;
  readonly valid: boolean;
  /** Name of Fabric's validation code. */
  readonly code: string;
  /** Timestamp of the transaction, epoch milliseconds. */
  readonly at: number;
  /** Public writes, with their namespace (the chaincode's own, and `_lifecycle`). */
  readonly writes: readonly PublicWrite[];
  /** What every peer knows of private writes. */
  readonly hashed: readonly HashedWrite[];
  /** What the own peer holds of them. */
  readonly private: readonly PrivateWrite[];
}

export interface PublicWrite {
  readonly namespace: string;
  readonly key: string;
  /** Absent: the key is deleted. */
  readonly value?: Buffer;
}

export interface HashedWrite {
  readonly collection: string;
  /** Hex SHA-256 of the key. */
  readonly keyHash: string;
  /** Hex SHA-256 of the value; absent: deleted or purged. */
  readonly valueHash?: string;
  readonly purged: boolean;
}

export interface PrivateWrite {
  readonly collection: string;
  readonly key: string;
  readonly value: Buffer;
}
