import { peer } from '@hyperledger/fabric-protos';
import type { DefinitionParameters } from '../ports.js';
import type { Structure } from './serializer.js';
import { encodeStateBytes, encodeStateInt64, encodeStateString } from './state-data.js';

const { lifecycle } = peer;
const DEFAULT_POLICY = '/Channel/Application/Endorsement';

/** The arguments of every function that names a definition. */
export type DefinitionArguments =
  | peer.lifecycle.ApproveChaincodeDefinitionForMyOrgArgs
  | peer.lifecycle.CommitChaincodeDefinitionArgs
  | peer.lifecycle.CheckCommitReadinessArgs;

/** With Fabric's defaults for what is left out [lifecycle.go: SetChaincodeDefinitionDefaults]. */
export function parametersOf(args: DefinitionArguments): DefinitionParameters {
  const endorsement = new lifecycle.ChaincodeEndorsementInfo();
  endorsement.setVersion(args.getVersion());
  endorsement.setInitRequired(args.getInitRequired());
  endorsement.setEndorsementPlugin(args.getEndorsementPlugin() || 'escc');
  const validation = new lifecycle.ChaincodeValidationInfo();
  validation.setValidationPlugin(args.getValidationPlugin() || 'vscc');
  const policy = args.getValidationParameter_asU8();
  validation.setValidationParameter(policy.length > 0 ? policy : defaultPolicy());
  return {
    endorsement,
    validation,
    collections: args.getCollections() ?? new peer.CollectionConfigPackage(),
  };
}

function defaultPolicy(): Uint8Array {
  const policy = new peer.ApplicationPolicy();
  policy.setChannelConfigPolicyReference(DEFAULT_POLICY);
  return policy.serializeBinary();
}

function fieldsOf({ endorsement, validation, collections }: DefinitionParameters): Structure['fields'] {
  return [
    { name: 'EndorsementInfo', value: encodeStateBytes(endorsement.serializeBinary()) },
    { name: 'ValidationInfo', value: encodeStateBytes(validation.serializeBinary()) },
    { name: 'Collections', value: encodeStateBytes(collections.serializeBinary()) },
  ];
}

/** What an organisation approves. */
export function approvalOf(parameters: DefinitionParameters): Structure {
  return { datatype: 'ChaincodeParameters', fields: fieldsOf(parameters) };
}

/** What is in force once it is committed. */
export function definitionOf(parameters: DefinitionParameters, sequence: number): Structure {
  return {
    datatype: 'ChaincodeDefinition',
    fields: [{ name: 'Sequence', value: encodeStateInt64(sequence) }, ...fieldsOf(parameters)],
  };
}

/** What an organisation runs; nothing, when it does not endorse. */
export function packageOf(packageId: string): Structure {
  return {
    datatype: 'ChaincodeLocalPackage',
    fields: [{ name: 'PackageID', value: encodeStateString(packageId) }],
  };
}

/** Under which an organisation keeps what it approved. */
export function approvalName(chaincode: string, sequence: number): string {
  return `${chaincode}#${sequence}`;
}

/** The first difference, in Fabric's words; undefined when there is none. */
export function difference(expected: DefinitionParameters, passed: DefinitionParameters): string | undefined {
  const pairs: readonly [string, unknown, unknown][] = [
    ['Version', expected.endorsement.getVersion(), passed.endorsement.getVersion()],
    [
      'EndorsementPlugin',
      expected.endorsement.getEndorsementPlugin(),
      passed.endorsement.getEndorsementPlugin(),
    ],
    ['InitRequired', expected.endorsement.getInitRequired(), passed.endorsement.getInitRequired()],
    ['ValidationPlugin', expected.validation.getValidationPlugin(), passed.validation.getValidationPlugin()],
    [
      'ValidationParameter',
      hex(expected.validation.getValidationParameter_asU8()),
      hex(passed.validation.getValidationParameter_asU8()),
    ],
  ];
  for (const [what, one, other] of pairs) {
    if (one !== other)
      return `expected ${what} '${String(one)}' does not match passed ${what} '${String(other)}'`;
  }
  return hex(expected.collections.serializeBinary()) === hex(passed.collections.serializeBinary())
    ? undefined
    : 'Collections do not match';
}

function hex(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('hex');
}
