import type { Command, Query } from '@consent-ledger/chaincode/wire';

/** Whom a call is for: everybody, those who read one custodian's collection, or what a site and a sponsor share. */
export type Audience =
  | { readonly contract: 'registry' }
  | { readonly contract: 'custody' | 'withdrawal'; /** MSP id. */ readonly custodian: string }
  | { readonly contract: 'study'; /** MSP ids. */ readonly site: string; readonly sponsor: string };

/** Where a public value was written: the block, and the transaction's place in it. */
export interface Version {
  readonly block: number;
  readonly place: number;
}

/** The version that a key has which was never written. */
export const NEVER_WRITTEN: Version = { block: -1, place: -1 };

export function isBefore(one: Version, other: Version): boolean {
  return one.block < other.block || (one.block === other.block && one.place < other.place);
}

/** A transaction that is endorsed and signed, and not sent yet: sending the same bytes twice makes one transaction. */
export interface Prepared {
  readonly transaction: string;
  readonly bytes: Uint8Array;
  readonly signature: Uint8Array;
  /** Version of the epoch that it rests on: once the epoch has moved it can never be valid. Absent: nothing ends it. */
  readonly epoch?: Version;
}

/** Fresh from its endorsers. */
export interface Endorsed extends Prepared {
  /** MSP ids that were named as endorsers; none where the peer chose them. */
  readonly endorsers: readonly string[];
}

export interface PrepareOptions {
  readonly as?: 'client' | 'admin';
  /** MSP ids that are asked to endorse only where nobody else can. */
  readonly avoid?: readonly string[];
}

/** What one peer said to a proposal that it did not endorse. */
export interface PeerMessage {
  /** MSP id. */
  readonly member: string;
  /** `host:port`. */
  readonly address: string;
  /** Its words, cut short; chaincode's are a code of the catalogue, and no peer's hold anything of what was proposed. */
  readonly message: string;
}

/** A proposal was not endorsed; every peer's message, for the log. */
export class EndorsementError extends Error {
  override readonly name = 'EndorsementError';

  constructor(
    readonly peers: readonly PeerMessage[],
    cause: unknown,
  ) {
    super(peers.map(({ member, address, message }) => `${member} ${address}: ${message}`).join('; '), {
      cause,
    });
  }
}

/** What became of a transaction, as the own peer has it in a block. */
export interface Settled {
  readonly valid: boolean;
  /** Name of Fabric's validation code, such as MVCC_READ_CONFLICT; or EPOCH_OVER. */
  readonly code: string;
  /** The block that it is in; for EPOCH_OVER the one whose epoch it can no longer be in. */
  readonly block: number;
}

/** It was in no block when its epoch ended, so that none can ever have it as valid. */
export const EPOCH_OVER = 'EPOCH_OVER';

/**
 * The own organisation's peers, and nobody else's. Everything that fails is a Refusal: the chaincode's own code where
 * it refused; `ledger-conflict` where endorsers differed, so that proposing afresh may help; `ledger-unavailable`.
 */
export interface Ledger {
  /** Answers with the bytes that chaincode answered with; none where the ledger holds nothing. */
  query(query: Query, audience: Audience): Promise<Uint8Array>;
  /** Has a command executed by the endorsers that its audience needs, no more. Nothing is ordered yet. */
  prepare(command: Command, audience: Audience, options?: PrepareOptions): Promise<Endorsed>;
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
