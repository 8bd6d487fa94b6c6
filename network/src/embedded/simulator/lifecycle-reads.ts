import { encodeMessage } from '../../wire-format/index.js';
import type { ChaincodeDefinition, CollectionDefinition, Ledger, Snapshot } from '../ports.js';
import type { ReadWriteSet } from './read-write-set.js';

const LIFECYCLE = '_lifecycle';
const LEGACY_LIFECYCLE = 'lscc';
const IMPLICIT_PREFIX = '_implicit_org_';

/**
 * Chaincode definitions as a simulation sees them. Fabric reads them through the simulator, so every look leaves
 * reads in the transaction: an upgrade between endorsement and commit becomes a conflict
 * [lifecycle/endorsement_info.go, lifecycle/deployedcc_infoprovider.go].
 */
export class LifecycleReads {
  private readonly definitions = new Map<string, ChaincodeDefinition | undefined>();
  private readonly collectionsOf = new Map<string, ReadonlyMap<string, CollectionDefinition>>();

  constructor(
    private readonly ledger: Ledger,
    private readonly snapshot: Snapshot,
    private readonly set: ReadWriteSet,
    /** Of the peer that simulates. */
    private readonly peerMspId: string,
  ) {}

  /** The definition of a chaincode that is about to run. Throws when the channel has none. */
  invoked(chaincode: string): ChaincodeDefinition {
    this.read(LIFECYCLE, `namespaces/fields/${chaincode}/Sequence`);
    const definition = this.definition(chaincode);
    if (definition === undefined) {
      this.read(LEGACY_LIFECYCLE, chaincode);
      throw new Error(`chaincode ${chaincode} not found`);
    }
    return definition;
  }

  /** Explicit collections, and an implicit one for each application organisation. */
  collections(chaincode: string): ReadonlyMap<string, CollectionDefinition> {
    const known = this.collectionsOf.get(chaincode);
    if (known !== undefined) {
      return known;
    }
    // The lifecycle's own collections are the implicit ones, whatever is defined.
    const explicit = chaincode === LIFECYCLE ? [] : this.explicitCollections(chaincode);
    const collections = new Map(explicit.map((collection) => [collection.name, collection]));
    for (const mspId of this.ledger.channel.applicationMspIds) {
      const collection = implicitCollection(mspId, this.peerMspId);
      collections.set(collection.name, collection);
    }
    this.collectionsOf.set(chaincode, collections);
    return collections;
  }

  private explicitCollections(chaincode: string): readonly CollectionDefinition[] {
    this.read(LIFECYCLE, `namespaces/metadata/${chaincode}`);
    const definition = this.definition(chaincode);
    if (definition === undefined) {
      this.read(LEGACY_LIFECYCLE, chaincode);
      throw new Error(`chaincode ${chaincode} not found`);
    }
    for (const field of ['Sequence', 'EndorsementInfo', 'ValidationInfo', 'Collections']) {
      this.read(LIFECYCLE, `namespaces/fields/${chaincode}/${field}`);
    }
    return definition.collections;
  }

  private definition(chaincode: string): ChaincodeDefinition | undefined {
    if (!this.definitions.has(chaincode)) {
      this.definitions.set(chaincode, this.ledger.chaincodeDefinition(this.snapshot, chaincode));
    }
    return this.definitions.get(chaincode);
  }

  private read(namespace: string, key: string): void {
    this.set.namespace(namespace).reads.set(key, this.snapshot.getState(namespace, key)?.version);
  }
}

/**
 * `_implicit_org_<MSPID>`: every organisation's own collection, open to read and write by anyone. A peer of another
 * organisation passes nothing on (peer.gossip.pvtData.implicitCollectionDisseminationPolicy).
 */
function implicitCollection(mspId: string, peerMspId: string): CollectionDefinition {
  return {
    name: IMPLICIT_PREFIX + mspId,
    memberOrgsPolicy: signedByRole(mspId, ROLE_MEMBER),
    memberMspIds: [mspId],
    requiredPeerCount: 0,
    maximumPeerCount: mspId === peerMspId ? 1 : 0,
    blockToLive: 0,
    memberOnlyRead: false,
    memberOnlyWrite: false,
  };
}

/** msp.MSPRole.MSPRoleType */
export const ROLE_MEMBER = 0;
export const ROLE_ADMIN = 1;
export const ROLE_PEER = 3;

/** Serialised common.SignaturePolicyEnvelope: one signature by someone of that role. */
export function signedByRole(mspId: string, role: number): Buffer {
  return encodeMessage((envelope) => {
    envelope.message(2, (rule) => {
      rule.message(2, (outOf) => {
        outOf.number(1, 1);
        // SignaturePolicy{signed_by: 0}; the arm of a oneof is written even when zero.
        outOf.present(2, Buffer.from([0x08, 0x00]));
      });
    });
    envelope.message(3, (principal) => {
      principal.message(2, (mspRole) => {
        mspRole.bytes(1, mspId);
        mspRole.number(2, role);
      });
    });
  });
}
