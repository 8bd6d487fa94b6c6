import { peer } from '@hyperledger/fabric-protos';
import type { StateValue } from '../ports.js';
import { definitionKeys, LIFECYCLE_NAMESPACE } from './definitions.js';
import { memberMspIds } from './member-policy.js';
import { encodeStateBytes, encodeStateInt64, encodeStateMetadata, readStateInt64 } from './state-data.js';

/** A chaincode as the consortium wants it defined on the channel. */
export interface DesiredChaincode {
  readonly name: string;
  readonly version: string;
  /** Serialised protos.ApplicationPolicy. */
  readonly validationParameter: Uint8Array;
  /** Serialised protos.CollectionConfigPackage. */
  readonly collections: Uint8Array;
  /** The package that every organisation runs; empty when an organisation does not run it. */
  readonly packageId?: string;
}

/** A field of a definition with the bytes that the lifecycle writes for it, in the order of the structure. */
export interface DefinitionField {
  readonly name: string;
  readonly value: Buffer;
}

/** The fields that approvals and definition have in common [core/chaincode/lifecycle/lifecycle.go]. */
export function parameterFields(chaincode: DesiredChaincode): DefinitionField[] {
  const endorsement = new peer.lifecycle.ChaincodeEndorsementInfo();
  endorsement.setVersion(chaincode.version);
  endorsement.setEndorsementPlugin('escc');
  const validation = new peer.lifecycle.ChaincodeValidationInfo();
  validation.setValidationPlugin('vscc');
  validation.setValidationParameter(chaincode.validationParameter);
  return [
    { name: 'EndorsementInfo', value: encodeStateBytes(endorsement.serializeBinary()) },
    { name: 'ValidationInfo', value: encodeStateBytes(validation.serializeBinary()) },
    { name: 'Collections', value: encodeStateBytes(chaincode.collections) },
  ];
}

/** All keys and values of the definition at a sequence. */
export function definitionEntries(
  chaincode: DesiredChaincode,
  sequence: number,
): { key: string; value: Buffer }[] {
  const fields = [{ name: 'Sequence', value: encodeStateInt64(sequence) }, ...parameterFields(chaincode)];
  return [
    ...fields.map(({ name, value }) => ({ key: definitionKeys.field(chaincode.name, name), value })),
    {
      key: definitionKeys.metadata(chaincode.name),
      value: encodeStateMetadata(
        'ChaincodeDefinition',
        fields.map(({ name }) => name),
      ),
    },
  ];
}

interface PublicState {
  getState(namespace: string, key: string): StateValue | undefined;
}

/** The sequence that is committed (0 = none) and whether it already says what is wanted. */
export function committed(
  state: PublicState,
  chaincode: DesiredChaincode,
): { sequence: number; isCurrent: boolean } {
  const stored = (field: string): Buffer | undefined =>
    state.getState(LIFECYCLE_NAMESPACE, definitionKeys.field(chaincode.name, field))?.value;
  const sequence = stored('Sequence');
  if (sequence === undefined) return { sequence: 0, isCurrent: false };
  const isCurrent = parameterFields(chaincode).every(
    ({ name, value }) => stored(name)?.equals(value) === true,
  );
  return { sequence: readStateInt64(sequence), isCurrent };
}

/** @throws Error when Fabric, or the embedded ledger, would not take the definition [core/chaincode/lifecycle/scc.go: validateInput]. */
export function checkDefinition(chaincode: DesiredChaincode, applicationMspIds: readonly string[]): void {
  if (!/^[a-zA-Z0-9]+([-_][a-zA-Z0-9]+)*$/.test(chaincode.name)) {
    throw new Error(`invalid chaincode name '${chaincode.name}'`);
  }
  if (!/^[A-Za-z0-9_.+-]+$/.test(chaincode.version)) {
    throw new Error(`invalid chaincode version '${chaincode.version}'`);
  }
  const names = new Set<string>();
  for (const config of peer.CollectionConfigPackage.deserializeBinary(
    chaincode.collections,
  ).getConfigList()) {
    const collection = config.getStaticCollectionConfig();
    const name = collection?.getName() ?? '';
    if (!/^[A-Za-z0-9-]+([A-Za-z0-9_-]+)*$/.test(name)) throw new Error(`invalid collection name: ${name}`);
    if (names.has(name))
      throw new Error(`collection-name: ${name} -- found duplicate in collection configuration`);
    names.add(name);
    if (collection === undefined) continue;
    const required = collection.getRequiredPeerCount();
    if (required < 0 || collection.getMaximumPeerCount() < required) {
      throw new Error(`collection-name: ${name} -- maximum peer count is less than the required peer count`);
    }
    const policy = collection.getMemberOrgsPolicy()?.getSignaturePolicy();
    if (policy === undefined)
      throw new Error(`collection-name: ${name} -- collection member policy is not set`);
    for (const mspId of memberMspIds(policy)) {
      if (!applicationMspIds.includes(mspId)) {
        throw new Error(
          `collection-name: ${name} -- collection member '${mspId}' is not part of the channel`,
        );
      }
    }
  }
}
