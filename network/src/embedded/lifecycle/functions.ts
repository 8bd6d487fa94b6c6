import { peer } from '@hyperledger/fabric-protos';
import { approvalName, approvalOf, definitionOf, difference, packageOf } from './parameters.js';
import type { DefinitionParameters } from '../ports.js';
import {
  mismatches,
  readBytesField,
  readDatatype,
  readSequence,
  readTextField,
  serialize,
} from './serializer.js';
import type { OpaqueState, ReadableState, WritableState } from './state.js';

/** What is asked for: a chaincode's next definition. */
export interface Definition {
  readonly chaincode: string;
  readonly sequence: number;
  readonly parameters: DefinitionParameters;
}

/** As an organisation approved it. */
export interface Approval extends Definition {
  readonly packageId: string;
}

/** No chaincode of that name is defined: an answer of status 404. */
export class NamespaceNotDefined extends Error {
  override readonly name = 'NamespaceNotDefined';
}

/*
 * The functions of Fabric's lifecycle, over state whose every look is recorded
 * [core/chaincode/lifecycle/lifecycle.go: ExternalFunctions]. Errors are in its words.
 */

/** Writes the organisation's approval, with the package that it runs. */
export function approve(
  { chaincode, sequence, parameters }: Definition,
  packageId: string,
  channel: ReadableState,
  own: WritableState,
): void {
  const current = readSequence(chaincode, channel);
  if (sequence === 0 && current === 0) {
    throw new Error('requested sequence is 0, but first definable sequence number is 1');
  }
  if (sequence < current) {
    throw new Error(`currently defined sequence ${current} is larger than requested sequence ${sequence}`);
  }
  if (sequence > current + 1) {
    throw new Error(
      `requested sequence ${sequence} is larger than the next available sequence number ${current + 1}`,
    );
  }
  const name = approvalName(chaincode, sequence);
  if (sequence === current) {
    if (readDatatype('namespaces', chaincode, channel) === undefined) {
      throw new Error(`missing metadata for currently committed sequence number (${current})`);
    }
    readSequence(chaincode, channel);
    const differs = difference(readParameters(chaincode, channel), parameters);
    const redefined = `attempted to redefine the current committed sequence (${current}) for namespace ${chaincode}`;
    if (differs !== undefined) throw new Error(`${redefined} with different parameters: ${differs}`);
    if (isApproved(name, parameters, packageId, own)) throw new Error(redefined);
  } else if (isApproved(name, parameters, packageId, own)) {
    throw new Error(
      `attempted to redefine uncommitted sequence (${sequence}) for namespace ${chaincode} with unchanged content`,
    );
  }
  serialize('namespaces', name, approvalOf(parameters), own);
  serialize('chaincode-sources', name, packageOf(packageId), own);
}

/** Writes the definition; gives who approved it. */
export function commit(
  definition: Definition,
  channel: WritableState,
  organisations: readonly OpaqueState[],
): ReadonlyMap<string, boolean> {
  const { approvals } = checkReadiness(definition, channel, organisations);
  const { chaincode, parameters, sequence } = definition;
  serialize('namespaces', chaincode, definitionOf(parameters, sequence), channel);
  return approvals;
}

/** Who has approved exactly this, and in what the others differ. */
export function checkReadiness(
  definition: Definition,
  channel: ReadableState,
  organisations: readonly OpaqueState[],
): { approvals: ReadonlyMap<string, boolean>; mismatches: ReadonlyMap<string, readonly string[]> } {
  const next = readSequence(definition.chaincode, channel) + 1;
  if (definition.sequence !== next) {
    throw new Error(
      `requested sequence is ${definition.sequence}, but new definition must be sequence ${next}`,
    );
  }
  return approvalsOf(definition, organisations);
}

export function approvalsOf(
  { chaincode, sequence, parameters }: Definition,
  organisations: readonly OpaqueState[],
): { approvals: ReadonlyMap<string, boolean>; mismatches: ReadonlyMap<string, readonly string[]> } {
  const found = organisations.map(
    (state) =>
      [
        state.mspId,
        mismatches('namespaces', approvalName(chaincode, sequence), approvalOf(parameters), state),
      ] as const,
  );
  return {
    approvals: new Map(found.map(([mspId, differing]) => [mspId, differing.length === 0])),
    mismatches: new Map(found.filter(([, differing]) => differing.length > 0)),
  };
}

/** The definition in force. @throws NamespaceNotDefined */
export function queryDefinition(chaincode: string, channel: ReadableState): Definition {
  if (readDatatype('namespaces', chaincode, channel) === undefined) {
    throw new NamespaceNotDefined(`namespace ${chaincode} is not defined`);
  }
  return {
    chaincode,
    sequence: readSequence(chaincode, channel),
    parameters: readParameters(chaincode, channel),
  };
}

/** @param sequence 0 = the latest that the organisation approved. */
export function queryApproved(
  channelId: string,
  chaincode: string,
  sequence: number,
  channel: ReadableState,
  own: ReadableState,
): Approval {
  const wanted = sequence === 0 ? latestApproved(chaincode, channel, own) : sequence;
  const name = approvalName(chaincode, wanted);
  if (readDatatype('namespaces', name, own) === undefined) {
    throw new Error(
      `could not fetch approved chaincode definition (name: '${chaincode}', sequence: '${wanted}') on channel '${channelId}'`,
    );
  }
  return readApproval(chaincode, wanted, own);
}

export function readApproval(chaincode: string, sequence: number, own: ReadableState): Approval {
  const name = approvalName(chaincode, sequence);
  const parameters = readParameters(name, own);
  if (readDatatype('chaincode-sources', name, own) === undefined) {
    throw new Error(`could not fetch chaincode-source metadata for ${name}`);
  }
  const packageId = readTextField('chaincode-sources', name, 'PackageID', own);
  return { chaincode, sequence, parameters, packageId };
}

function latestApproved(chaincode: string, channel: ReadableState, own: ReadableState): number {
  const current = readSequence(chaincode, channel);
  const next = approvalName(chaincode, current + 1);
  return readDatatype('namespaces', next, own) === undefined ? current : current + 1;
}

function readParameters(name: string, state: ReadableState): DefinitionParameters {
  const field = (of: string): Buffer => readBytesField('namespaces', name, of, state);
  return {
    endorsement: peer.lifecycle.ChaincodeEndorsementInfo.deserializeBinary(field('EndorsementInfo')),
    validation: peer.lifecycle.ChaincodeValidationInfo.deserializeBinary(field('ValidationInfo')),
    collections: peer.CollectionConfigPackage.deserializeBinary(field('Collections')),
  };
}

/** Whether the organisation has approved exactly this, package included: then there is nothing to write. */
function isApproved(
  name: string,
  parameters: DefinitionParameters,
  packageId: string,
  own: ReadableState,
): boolean {
  if (readDatatype('namespaces', name, own) === undefined) return false;
  if (difference(readParameters(name, own), parameters) !== undefined) return false;
  if (readDatatype('chaincode-sources', name, own) === undefined) return false;
  return readTextField('chaincode-sources', name, 'PackageID', own) === packageId;
}
