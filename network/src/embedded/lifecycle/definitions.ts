import { peer } from '@hyperledger/fabric-protos';
import type { ChaincodeDefinition, CollectionDefinition, StateValue, Version } from '../ports.js';
import { sameVersion } from '../state/entries.js';
import { memberMspIds } from './member-policy.js';
import { readStateBytes, readStateInt64 } from './state-data.js';

export const LIFECYCLE_NAMESPACE = '_lifecycle';
export const LIFECYCLE_POLICY = '/Channel/Application/LifecycleEndorsement';

/** Keys of a definition in the lifecycle's namespace [core/chaincode/lifecycle/serializer.go]. */
export const definitionKeys = {
  metadata: (name: string): string => `namespaces/metadata/${name}`,
  field: (name: string, field: string): string => `namespaces/fields/${name}/${field}`,
};

interface PublicState {
  getState(namespace: string, key: string): StateValue | undefined;
}

/** The chaincode definitions as the state holds them; parsed once per committed sequence. */
export class Definitions {
  readonly #tip: PublicState;
  readonly #parsed = new Map<string, { version: Version; definition: ChaincodeDefinition }>();

  constructor(tip: PublicState) {
    this.#tip = tip;
  }

  atTip(name: string): ChaincodeDefinition | undefined {
    return this.in(this.#tip, name);
  }

  in(state: PublicState, name: string): ChaincodeDefinition | undefined {
    const sequence = state.getState(LIFECYCLE_NAMESPACE, definitionKeys.field(name, 'Sequence'));
    if (sequence === undefined) return undefined;
    const known = this.#parsed.get(name);
    if (known !== undefined && sameVersion(known.version, sequence.version)) return known.definition;
    const definition = readDefinition(state, name, readStateInt64(sequence.value));
    this.#parsed.set(name, { version: sequence.version, definition });
    return definition;
  }
}

function readDefinition(state: PublicState, name: string, sequence: number): ChaincodeDefinition {
  const field = (fieldName: string): Buffer =>
    readStateBytes(
      state.getState(LIFECYCLE_NAMESPACE, definitionKeys.field(name, fieldName))?.value ?? Buffer.alloc(0),
    );
  const endorsement = peer.lifecycle.ChaincodeEndorsementInfo.deserializeBinary(field('EndorsementInfo'));
  const validation = peer.lifecycle.ChaincodeValidationInfo.deserializeBinary(field('ValidationInfo'));
  const collections = peer.CollectionConfigPackage.deserializeBinary(field('Collections'));
  return {
    name,
    version: endorsement.getVersion(),
    sequence,
    initRequired: endorsement.getInitRequired(),
    validationParameter: Buffer.from(validation.getValidationParameter_asU8()),
    parameters: { endorsement, validation, collections },
    collections: collections
      .getConfigList()
      .flatMap((config) => readCollection(config.getStaticCollectionConfig())),
  };
}

function readCollection(config: peer.StaticCollectionConfig | undefined): CollectionDefinition[] {
  const policy = config?.getMemberOrgsPolicy()?.getSignaturePolicy();
  if (config === undefined || policy === undefined) return [];
  const endorsementPolicy = config.getEndorsementPolicy()?.serializeBinary();
  return [
    {
      name: config.getName(),
      memberOrgsPolicy: Buffer.from(policy.serializeBinary()),
      memberMspIds: memberMspIds(policy),
      requiredPeerCount: config.getRequiredPeerCount(),
      maximumPeerCount: config.getMaximumPeerCount(),
      blockToLive: config.getBlockToLive(),
      memberOnlyRead: config.getMemberOnlyRead(),
      memberOnlyWrite: config.getMemberOnlyWrite(),
      ...(endorsementPolicy === undefined ? {} : { endorsementPolicy: Buffer.from(endorsementPolicy) }),
    },
  ];
}
