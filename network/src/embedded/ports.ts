import type { peer } from '@hyperledger/fabric-protos';

/**
 * What the endorsing half of the embedded ledger (chaincode stream, simulator, endorser, gateway service)
 * needs from the committing half (store, MSP, policies, orderer, validator), and nothing else.
 * Each rule stands where Fabric has it, so that the two can be read side by side.
 */

/** Position of the write that made a value: block number and index of the transaction in it. */
export interface Version {
  readonly block: number;
  readonly tx: number;
}

/** Metadata of a key (only VALIDATION_PARAMETER is in use), by name. */
export type Metadata = ReadonlyMap<string, Buffer>;

export interface StateValue {
  readonly value: Buffer;
  readonly version: Version;
  readonly metadata?: Metadata;
}

export interface HashedValue {
  /** SHA-256 of the private value. */
  readonly valueHash: Buffer;
  readonly version: Version;
  readonly metadata?: Metadata;
}

/** World state frozen at one height: commits that come later do not show. Must be released. */
export interface Snapshot {
  /** Number of blocks on the ledger when the snapshot was taken. */
  readonly height: number;
  getState(namespace: string, key: string): StateValue | undefined;
  /** Keys in raw UTF-8 byte order; start inclusive, end exclusive, end '' = end of the namespace. */
  range(namespace: string, start: string, end: string): IterableIterator<{ key: string } & StateValue>;
  /** What every peer knows of a private key. `keyHash` = SHA-256 of the key. */
  getHashed(namespace: string, collection: string, keyHash: Buffer): HashedValue | undefined;
  /** The private value as this organisation's peer holds it; absent where the organisation is no member. */
  getPrivate(mspId: string, namespace: string, collection: string, key: string): StateValue | undefined;
  privateRange(
    mspId: string,
    namespace: string,
    collection: string,
    start: string,
    end: string,
  ): IterableIterator<{ key: string } & StateValue>;
  /** Newest first: the valid transactions that wrote the public key. */
  history(
    namespace: string,
    key: string,
  ): IterableIterator<{
    txId: string;
    value: Buffer;
    timestamp: { seconds: number; nanos: number };
    isDelete: boolean;
  }>;
  release(): void;
}

export interface TransactionStatus {
  /** protos.TxValidationCode */
  readonly code: number;
  readonly blockNumber: number;
  /** Place in the block. */
  readonly tx: number;
}

/** An identity that the channel's MSPs could parse and whose issuer they know. */
export interface Identity {
  readonly mspId: string;
  /** The certificate, PEM as received. */
  readonly idBytes: Buffer;
  /** End of validity of the certificate, ms since the epoch. */
  readonly notAfter: number;
  /** Throws an Error with Fabric's text when the chain, CRL or NodeOU rules refuse it. */
  validate(): void;
  /** ECDSA over SHA-256, DER, low-S only. */
  verify(message: Uint8Array, signature: Uint8Array): boolean;
}

export interface SignedData {
  /** What was signed. */
  readonly data: Uint8Array;
  /** Serialised msp.SerializedIdentity. */
  readonly identity: Uint8Array;
  readonly signature: Uint8Array;
}

/** The channel as its latest configuration block defines it. */
export interface Channel {
  readonly channelId: string;
  /** MSP ids of the application organisations, in byte order. */
  readonly applicationMspIds: readonly string[];
  /** Throws an Error (text contains `creator is malformed` semantics) when the MSP or issuer is unknown. */
  deserializeIdentity(serialized: Uint8Array): Identity;
  /** The name in policy paths of the application's organisation with that MSP id. */
  organizationName(mspId: string): string | undefined;
  /** Whether the channel has an organisation of that MSP, of the application or of the orderers. */
  hasMsp(mspId: string): boolean;
  /** The policy that guards a resource: the configuration may name another one than Fabric's default. */
  policyFor(resource: string, byDefault: string): string;
  /** Evaluates a policy of the configuration, such as `/Channel/Application/Writers`; unknown paths reject. */
  evaluatePolicy(path: string, signed: readonly SignedData[]): boolean;
  /** Why a policy of the configuration is not satisfied; undefined when it is. */
  policyRefusal(path: string, signed: readonly SignedData[]): string | undefined;
  /** Evaluates a serialised common.SignaturePolicyEnvelope. */
  evaluateSignaturePolicy(envelope: Uint8Array, signed: readonly SignedData[]): boolean;
  /** Evaluates a serialised protos.ApplicationPolicy (signature policy or reference). */
  evaluateApplicationPolicy(policy: Uint8Array, signed: readonly SignedData[]): boolean;
  /** Whether the identity alone satisfies the serialised common.SignaturePolicyEnvelope without a signature check. */
  satisfies(envelope: Uint8Array, identity: Identity): boolean;
  /**
   * Minimal sets of MSP ids whose peers together satisfy a policy (signature policy or reference), for the
   * gateway's endorsement plan; smallest sets first.
   */
  endorsingLayouts(policies: readonly EndorsementPolicy[]): readonly (readonly string[])[];
}

/** A policy that an endorsement has to satisfy: ser(ApplicationPolicy) or ser(SignaturePolicyEnvelope). */
export type EndorsementPolicy =
  | { readonly kind: 'application'; readonly bytes: Uint8Array }
  | { readonly kind: 'signature'; readonly bytes: Uint8Array };

export interface CollectionDefinition {
  readonly name: string;
  /** Serialised common.SignaturePolicyEnvelope. */
  readonly memberOrgsPolicy: Buffer;
  /** MSP ids named by the member policy. */
  readonly memberMspIds: readonly string[];
  readonly requiredPeerCount: number;
  readonly maximumPeerCount: number;
  readonly blockToLive: number;
  readonly memberOnlyRead: boolean;
  readonly memberOnlyWrite: boolean;
  /** Serialised protos.ApplicationPolicy; absent = the chaincode's policy. */
  readonly endorsementPolicy?: Buffer;
}

/** What an approval and a definition have in common, as its messages. */
export interface DefinitionParameters {
  readonly endorsement: peer.lifecycle.ChaincodeEndorsementInfo;
  readonly validation: peer.lifecycle.ChaincodeValidationInfo;
  readonly collections: peer.CollectionConfigPackage;
}

/** What `_lifecycle` holds of a chaincode, read from a snapshot. */
export interface ChaincodeDefinition {
  readonly name: string;
  readonly version: string;
  readonly sequence: number;
  readonly initRequired: boolean;
  /** Serialised protos.ApplicationPolicy. */
  readonly validationParameter: Buffer;
  readonly collections: readonly CollectionDefinition[];
  /** The messages that all of this is read from. */
  readonly parameters: DefinitionParameters;
}

/** What a sender learns from the orderer: common.Status and a text. */
export interface BroadcastResult {
  readonly status: number;
  readonly info: string;
}

/** The committing half. */
export interface Ledger {
  readonly channel: Channel;
  openSnapshot(): Snapshot;
  /** Number of blocks. */
  readonly height: number;
  /** Position and code of the earliest occurrence of a transaction id, whatever its code. */
  transactionStatus(txId: string): TransactionStatus | undefined;
  /** Resolves once the transaction is committed with state; rejects with the signal's reason. */
  waitForTransaction(txId: string, signal: AbortSignal): Promise<TransactionStatus>;
  /** Serialised common.Block with filter and commit hash, or undefined beyond the tip. */
  block(blockNumber: number): Buffer | undefined;
  /** Serialised block, waiting for it when it is the next; rejects with the signal's reason. */
  waitForBlock(blockNumber: number, signal: AbortSignal): Promise<Buffer>;
  chaincodeDefinition(snapshot: Snapshot, name: string): ChaincodeDefinition | undefined;
  /** Changes whenever definitions or approvals may have. */
  readonly lifecycleRevision: number;
  /** Orderer admission and batching (serialised common.Envelope). Never throws for a bad envelope. */
  broadcast(envelope: Buffer): Promise<BroadcastResult>;
  /** Puts a serialised rwset.TxPvtReadWriteSet into the transient store of one organisation's peer. */
  stagePrivate(mspId: string, txId: string, privateSet: Buffer): void;
}

/** Signs as an organisation's peer. */
export interface PeerSigner {
  readonly mspId: string;
  /** Serialised msp.SerializedIdentity of the peer. */
  readonly serializedIdentity: Buffer;
  /** DER ECDSA over SHA-256 of the message, low-S. */
  sign(message: Uint8Array): Buffer;
}
