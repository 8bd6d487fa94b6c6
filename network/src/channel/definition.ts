import { peer } from '@hyperledger/fabric-protos';
import type { Topology } from '../topology/index.js';
import { collectionPackage, collections } from './collections.js';

/** A chaincode definition as `_lifecycle` keeps it. */
export interface ChaincodeDefinitionSpec {
  readonly name: string;
  readonly version: string;
  readonly endorsementPlugin: 'escc';
  readonly validationPlugin: 'vscc';
  /** Serialised protos.ApplicationPolicy. */
  readonly validationParameter: Buffer;
  /** Serialised protos.CollectionConfigPackage. */
  readonly collections: Buffer;
}

/** The policy of public state and of everything that no other policy governs. */
export const ENDORSEMENT_POLICY = '/Channel/Application/Endorsement';

export function chaincodeDefinition(topology: Topology): ChaincodeDefinitionSpec {
  const policy = new peer.ApplicationPolicy();
  policy.setChannelConfigPolicyReference(ENDORSEMENT_POLICY);
  return {
    ...topology.chaincode,
    endorsementPlugin: 'escc',
    validationPlugin: 'vscc',
    validationParameter: Buffer.from(policy.serializeBinary()),
    collections: Buffer.from(collectionPackage(collections(topology)).serializeBinary()),
  };
}
