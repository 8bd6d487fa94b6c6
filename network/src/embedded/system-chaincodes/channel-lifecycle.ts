import { peer } from '@hyperledger/fabric-protos';
import {
  approvalsOf,
  approve,
  checkReadiness,
  commit,
  queryApproved,
  queryDefinition,
  readApproval,
  type Approval,
  type Definition,
} from '../lifecycle/functions.js';
import { checkInput } from '../lifecycle/input-checks.js';
import { parametersOf, type DefinitionArguments } from '../lifecycle/parameters.js';
import { readBytesField, readDatatype, readSequence } from '../lifecycle/serializer.js';
import { opaqueState, organisationState, publicState, type OpaqueState } from '../lifecycle/state.js';
import type { Channel, DefinitionParameters } from '../ports.js';
import type { TxSimulator } from '../simulator/tx-simulator.js';

const { lifecycle } = peer;
const LEGACY_LIFECYCLE = 'lscc';
const METADATA = 'namespaces/metadata/';

/** The functions of the lifecycle on the channel, in one transaction on one organisation's peer. */
export class ChannelLifecycle {
  readonly #mspId: string;
  readonly #channel: Channel;
  readonly #simulator: TxSimulator;

  constructor(mspId: string, channel: Channel, simulator: TxSimulator) {
    this.#mspId = mspId;
    this.#channel = channel;
    this.#simulator = simulator;
  }

  approve(argument: Uint8Array): peer.lifecycle.ApproveChaincodeDefinitionForMyOrgResult {
    const args = lifecycle.ApproveChaincodeDefinitionForMyOrgArgs.deserializeBinary(argument);
    this.#checkInput(args);
    const packageId = args.getSource()?.getLocalPackage()?.getPackageId() ?? '';
    approve(definitionIn(args), packageId, this.#public, this.#own);
    return new lifecycle.ApproveChaincodeDefinitionForMyOrgResult();
  }

  queryApproved(argument: Uint8Array): peer.lifecycle.QueryApprovedChaincodeDefinitionResult {
    const args = lifecycle.QueryApprovedChaincodeDefinitionArgs.deserializeBinary(argument);
    const { channelId } = this.#channel;
    const approval = queryApproved(channelId, args.getName(), args.getSequence(), this.#public, this.#own);
    return withApproval(new lifecycle.QueryApprovedChaincodeDefinitionResult(), approval);
  }

  queryAllApproved(): peer.lifecycle.QueryApprovedChaincodeDefinitionsResult {
    const result = new lifecycle.QueryApprovedChaincodeDefinitionsResult();
    const { ApprovedChaincodeDefinition } = lifecycle.QueryApprovedChaincodeDefinitionsResult;
    for (const { key } of this.#own.startingWith(METADATA)) {
      const [name = '', sequence] = key.slice(METADATA.length).split('#');
      const approval = readApproval(name, Number(sequence), this.#own);
      const entry = withApproval(new ApprovedChaincodeDefinition(), approval);
      entry.setName(name);
      result.addApprovedChaincodeDefinitions(entry);
    }
    return result;
  }

  checkReadiness(argument: Uint8Array): peer.lifecycle.CheckCommitReadinessResult {
    const args = lifecycle.CheckCommitReadinessArgs.deserializeBinary(argument);
    const { approvals, mismatches } = checkReadiness(definitionIn(args), this.#public, this.#organisations);
    const result = new lifecycle.CheckCommitReadinessResult();
    for (const [mspId, approved] of approvals) result.getApprovalsMap().set(mspId, approved);
    for (const [mspId, items] of mismatches) {
      const list = new lifecycle.CheckCommitReadinessResult.Mismatches();
      list.setItemsList([...items]);
      result.getMismatchesMap().set(mspId, list);
    }
    return result;
  }

  commit(argument: Uint8Array): peer.lifecycle.CommitChaincodeDefinitionResult {
    const args = lifecycle.CommitChaincodeDefinitionArgs.deserializeBinary(argument);
    this.#checkInput(args);
    if (!this.#channel.applicationMspIds.includes(this.#mspId)) {
      throw new Error(
        "impossibly, this peer's org is processing requests for a channel it is not a member of",
      );
    }
    const approvals = commit(definitionIn(args), this.#public, this.#organisations);
    if (approvals.get(this.#mspId) !== true) {
      throw new Error(`chaincode definition not agreed to by this org (${this.#mspId})`);
    }
    return new lifecycle.CommitChaincodeDefinitionResult();
  }

  query(argument: Uint8Array): peer.lifecycle.QueryChaincodeDefinitionResult {
    const name = lifecycle.QueryChaincodeDefinitionArgs.deserializeBinary(argument).getName();
    const definition = queryDefinition(name, this.#public);
    const result = withDefinition(new lifecycle.QueryChaincodeDefinitionResult(), definition);
    for (const [mspId, approved] of approvalsOf(definition, this.#organisations).approvals) {
      result.getApprovalsMap().set(mspId, approved);
    }
    return result;
  }

  queryAll(): peer.lifecycle.QueryChaincodeDefinitionsResult {
    const result = new lifecycle.QueryChaincodeDefinitionsResult();
    const { ChaincodeDefinition } = lifecycle.QueryChaincodeDefinitionsResult;
    for (const { key } of this.#public.startingWith(METADATA)) {
      const definition = queryDefinition(key.slice(METADATA.length), this.#public);
      const entry = withDefinition(new ChaincodeDefinition(), definition);
      entry.setName(definition.chaincode);
      result.addChaincodeDefinitions(entry);
    }
    return result;
  }

  get #public(): ReturnType<typeof publicState> {
    return publicState(this.#simulator);
  }

  get #own(): ReturnType<typeof organisationState> {
    return organisationState(this.#simulator, this.#mspId);
  }

  get #organisations(): OpaqueState[] {
    return this.#channel.applicationMspIds.map((mspId) => opaqueState(this.#simulator, mspId));
  }

  #checkInput(args: Pick<DefinitionArguments, 'getName' | 'getVersion' | 'getCollections'>): void {
    try {
      checkInput(
        args.getName(),
        args.getVersion(),
        args.getCollections(),
        {
          hasMsp: (mspId) => this.#channel.hasMsp(mspId),
          knows: (identity) => this.#knows(identity),
        },
        () => this.#committedCollections(args.getName()),
      );
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      throw new Error(`error validating chaincode definition: ${reason}`, { cause: error });
    }
  }

  /** Looked up as Fabric does: a name that is not defined could still be one of its legacy lifecycle. */
  #committedCollections(chaincode: string): peer.CollectionConfigPackage | undefined {
    const state = this.#public;
    if (readDatatype('namespaces', chaincode, state) === undefined) {
      this.#simulator.getState(LEGACY_LIFECYCLE, chaincode);
      return undefined;
    }
    readSequence(chaincode, state);
    for (const field of ['EndorsementInfo', 'ValidationInfo']) {
      readBytesField('namespaces', chaincode, field, state);
    }
    return peer.CollectionConfigPackage.deserializeBinary(
      readBytesField('namespaces', chaincode, 'Collections', state),
    );
  }

  #knows(serialized: Uint8Array): boolean {
    try {
      this.#channel.deserializeIdentity(serialized);
      return true;
    } catch {
      return false; // That it cannot be read is the answer.
    }
  }
}

function definitionIn(args: DefinitionArguments): Definition {
  return { chaincode: args.getName(), sequence: args.getSequence(), parameters: parametersOf(args) };
}

interface DefinitionMessage {
  setSequence(sequence: number): unknown;
  setVersion(version: string): unknown;
  setEndorsementPlugin(plugin: string): unknown;
  setValidationPlugin(plugin: string): unknown;
  setValidationParameter(parameter: Uint8Array): unknown;
  setInitRequired(required: boolean): unknown;
  setCollections(collections: peer.CollectionConfigPackage): unknown;
}

function withDefinition<T extends DefinitionMessage>(message: T, { sequence, parameters }: Definition): T {
  const { endorsement, validation, collections }: DefinitionParameters = parameters;
  message.setSequence(sequence);
  message.setVersion(endorsement.getVersion());
  message.setEndorsementPlugin(endorsement.getEndorsementPlugin());
  message.setInitRequired(endorsement.getInitRequired());
  message.setValidationPlugin(validation.getValidationPlugin());
  message.setValidationParameter(validation.getValidationParameter_asU8());
  message.setCollections(collections);
  return message;
}

function withApproval<
  T extends DefinitionMessage & { setSource(source: peer.lifecycle.ChaincodeSource): unknown },
>(message: T, approval: Approval): T {
  const source = new lifecycle.ChaincodeSource();
  if (approval.packageId === '') source.setUnavailable(new lifecycle.ChaincodeSource.Unavailable());
  else {
    const local = new lifecycle.ChaincodeSource.Local();
    local.setPackageId(approval.packageId);
    source.setLocalPackage(local);
  }
  message.setSource(source);
  return withDefinition(message, approval);
}
