import { peer } from '@hyperledger/fabric-protos';
import type { Channel, DefinitionParameters } from '../ports.js';
import { checkInput } from './input-checks.js';
import { parametersOf } from './parameters.js';

/** A chaincode as the consortium wants it defined on the channel. */
export interface DesiredChaincode {
  readonly name: string;
  readonly version: string;
  /** Serialised protos.ApplicationPolicy. */
  readonly validationParameter: Uint8Array;
  /** Serialised protos.CollectionConfigPackage. */
  readonly collections: Uint8Array;
  /** The package that every organisation runs, or, by MSP id, what each runs; one that runs none endorses nothing. */
  readonly packageId?: string | ReadonlyMap<string, string>;
}

/** What is approved and committed of it. */
export function desiredParameters(chaincode: DesiredChaincode): DefinitionParameters {
  return parametersOf(commitArgs(chaincode, 0));
}

export function commitArgs(
  chaincode: DesiredChaincode,
  sequence: number,
): peer.lifecycle.CommitChaincodeDefinitionArgs {
  return filled(new peer.lifecycle.CommitChaincodeDefinitionArgs(), chaincode, sequence);
}

export function approvalArgs(
  chaincode: DesiredChaincode,
  sequence: number,
  packageId: string,
): peer.lifecycle.ApproveChaincodeDefinitionForMyOrgArgs {
  const args = filled(new peer.lifecycle.ApproveChaincodeDefinitionForMyOrgArgs(), chaincode, sequence);
  const source = new peer.lifecycle.ChaincodeSource();
  if (packageId === '') source.setUnavailable(new peer.lifecycle.ChaincodeSource.Unavailable());
  else {
    const local = new peer.lifecycle.ChaincodeSource.Local();
    local.setPackageId(packageId);
    source.setLocalPackage(local);
  }
  args.setSource(source);
  return args;
}

/** Empty for an organisation that does not run the chaincode. */
export function packageIdOf({ packageId }: DesiredChaincode, mspId: string): string {
  return (typeof packageId === 'string' ? packageId : packageId?.get(mspId)) ?? '';
}

/** @throws Error when no peer would take the definition. */
export function checkDefinition(
  chaincode: DesiredChaincode,
  channel: Channel,
  committed: () => peer.CollectionConfigPackage | undefined,
): void {
  const { name, version, collections } = chaincode;
  const knows = (identity: Uint8Array): boolean => {
    try {
      channel.deserializeIdentity(identity);
      return true;
    } catch {
      return false; // Whoever cannot be read is not known.
    }
  };
  checkInput(
    name,
    version,
    peer.CollectionConfigPackage.deserializeBinary(collections),
    { hasMsp: (mspId) => channel.hasMsp(mspId), knows },
    committed,
  );
}

function filled<
  T extends
    peer.lifecycle.ApproveChaincodeDefinitionForMyOrgArgs | peer.lifecycle.CommitChaincodeDefinitionArgs,
>(args: T, chaincode: DesiredChaincode, sequence: number): T {
  args.setSequence(sequence);
  args.setName(chaincode.name);
  args.setVersion(chaincode.version);
  args.setEndorsementPlugin('escc');
  args.setValidationPlugin('vscc');
  args.setValidationParameter(chaincode.validationParameter);
  args.setCollections(peer.CollectionConfigPackage.deserializeBinary(chaincode.collections));
  return args;
}
