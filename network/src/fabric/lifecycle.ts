import { GatewayError, type Contract } from '@hyperledger/fabric-gateway';
import { peer } from '@hyperledger/fabric-protos';
import type { ChaincodeDefinitionSpec } from '../channel/index.js';
import { describeFailure, type ChannelClient } from './channel-client.js';
import { waitUntil } from './wait-until.js';

const { lifecycle } = peer;
const PATIENCE_MS = 60_000;
const ABSENT = /chaincode response 404|could not fetch approved chaincode definition/;

export interface LifecycleMember {
  readonly mspId: string;
  readonly client: ChannelClient;
  /** What its peer has installed for the chaincode. */
  readonly packageId: string;
}

export interface CommitOptions {
  readonly definition: ChaincodeDefinitionSpec;
  readonly members: readonly LifecycleMember[];
  /** Commits a further sequence although nothing has changed. */
  readonly force?: boolean;
  /** How long others may take who have a part in it. Default 60 s. */
  readonly patienceMs?: number | undefined;
  readonly signal?: AbortSignal | undefined;
}

/**
 * Brings the definition to the channel: approved by every organisation, then committed. What is approved or committed
 * already stays as it is, so that it can be called again after a failure. Gives the sequence in force.
 *
 * All organisations approve before anyone commits: one that has not approved stops endorsing at the commit.
 */
export async function commitDefinition(options: CommitOptions): Promise<number> {
  const { definition, members, signal, patienceMs } = options;
  const first = members[0];
  if (first === undefined) {
    throw new RangeError('a chaincode definition needs organisations to approve it');
  }
  const contract = first.client.contract('_lifecycle');
  const committed = await patiently(
    `the definition of ${definition.name}`,
    signal,
    () => queryCommitted(contract, definition.name),
    patienceMs,
  );
  const inForce = committed !== undefined && options.force !== true && isSame(committed, definition);
  const sequence = (committed?.getSequence() ?? 0) + (inForce ? 0 : 1);

  await Promise.all(
    members.map((member) =>
      patiently(
        `${member.mspId} to approve ${definition.name}`,
        signal,
        () => approve(member, definition, sequence),
        patienceMs,
      ),
    ),
  );
  if (!inForce) {
    await patiently(
      `${definition.name} to be committed`,
      signal,
      () => commitApproved(first.client, definition, sequence),
      patienceMs,
    );
  }
  return sequence;
}

/** Commits what has been approved, unless that sequence is there already. */
export async function commitApproved(
  client: ChannelClient,
  definition: ChaincodeDefinitionSpec,
  sequence: number,
): Promise<void> {
  const contract = client.contract('_lifecycle');
  const now = await queryCommitted(contract, definition.name);
  if ((now?.getSequence() ?? 0) < sequence) {
    await submit(contract, 'CommitChaincodeDefinition', commitArgs(definition, sequence));
  }
}

/** What the channel has of a definition. */
export interface DefinitionStatus {
  /** Of the definition in force; 0 when there is none. */
  readonly sequence: number;
  readonly version: string | undefined;
  /** Whether the one in force is the one asked about. */
  readonly isInForce: boolean;
}

export async function definitionStatus(
  client: ChannelClient,
  definition: ChaincodeDefinitionSpec,
): Promise<DefinitionStatus> {
  const committed = await queryCommitted(client.contract('_lifecycle'), definition.name);
  return {
    sequence: committed?.getSequence() ?? 0,
    version: committed?.getVersion(),
    isInForce: committed !== undefined && isSame(committed, definition),
  };
}

/** By MSP id, whether the organisation has approved exactly this definition as the next sequence (CheckCommitReadiness). */
export async function approvals(
  client: ChannelClient,
  definition: ChaincodeDefinitionSpec,
  sequence: number,
): Promise<ReadonlyMap<string, boolean>> {
  const args = new lifecycle.CheckCommitReadinessArgs();
  fill(args, definition, sequence);
  const payload = await client
    .contract('_lifecycle')
    .evaluate('CheckCommitReadiness', { arguments: [args.serializeBinary()] });
  const result = lifecycle.CheckCommitReadinessResult.deserializeBinary(payload);
  return new Map(result.getApprovalsMap().entries());
}

/** Whether the member has approved this definition as that sequence, with the package that it has. */
export async function isApproved(
  { mspId, client, packageId }: LifecycleMember,
  definition: ChaincodeDefinitionSpec,
  sequence: number,
): Promise<boolean> {
  const approved = await queryApproved(client.contract('_lifecycle'), mspId, definition.name, sequence);
  return (
    approved !== undefined &&
    isSame(approved, definition) &&
    approved.getSource()?.getLocalPackage()?.getPackageId() === packageId
  );
}

/** Approves for the member's organisation, unless it has. */
export async function approve(
  member: LifecycleMember,
  definition: ChaincodeDefinitionSpec,
  sequence: number,
): Promise<void> {
  if (await isApproved(member, definition, sequence)) return;
  const { mspId, client, packageId } = member;
  const contract = client.contract('_lifecycle');
  const local = new lifecycle.ChaincodeSource.Local();
  local.setPackageId(packageId);
  const source = new lifecycle.ChaincodeSource();
  source.setLocalPackage(local);
  const args = new lifecycle.ApproveChaincodeDefinitionForMyOrgArgs();
  fill(args, definition, sequence);
  args.setSource(source);
  await submit(contract, 'ApproveChaincodeDefinitionForMyOrg', args.serializeBinary(), [mspId]);
}

function commitArgs(definition: ChaincodeDefinitionSpec, sequence: number): Uint8Array {
  const args = new lifecycle.CommitChaincodeDefinitionArgs();
  fill(args, definition, sequence);
  return args.serializeBinary();
}

function fill(
  args:
    | peer.lifecycle.ApproveChaincodeDefinitionForMyOrgArgs
    | peer.lifecycle.CheckCommitReadinessArgs
    | peer.lifecycle.CommitChaincodeDefinitionArgs,
  definition: ChaincodeDefinitionSpec,
  sequence: number,
): void {
  args.setName(definition.name);
  args.setVersion(definition.version);
  args.setSequence(sequence);
  args.setEndorsementPlugin(definition.endorsementPlugin);
  args.setValidationPlugin(definition.validationPlugin);
  args.setValidationParameter(definition.validationParameter);
  args.setCollections(peer.CollectionConfigPackage.deserializeBinary(definition.collections));
  args.setInitRequired(false);
}

type OnLedger =
  peer.lifecycle.QueryChaincodeDefinitionResult | peer.lifecycle.QueryApprovedChaincodeDefinitionResult;

function isSame(ledger: OnLedger, wanted: ChaincodeDefinitionSpec): boolean {
  const collections = ledger.getCollections()?.serializeBinary() ?? new Uint8Array();
  return (
    ledger.getVersion() === wanted.version &&
    ledger.getEndorsementPlugin() === wanted.endorsementPlugin &&
    ledger.getValidationPlugin() === wanted.validationPlugin &&
    wanted.validationParameter.equals(ledger.getValidationParameter_asU8()) &&
    wanted.collections.equals(collections)
  );
}

async function queryCommitted(
  contract: Contract,
  name: string,
): Promise<peer.lifecycle.QueryChaincodeDefinitionResult | undefined> {
  const args = new lifecycle.QueryChaincodeDefinitionArgs();
  args.setName(name);
  const payload = await queryOrAbsent(contract, 'QueryChaincodeDefinition', args.serializeBinary());
  return payload && lifecycle.QueryChaincodeDefinitionResult.deserializeBinary(payload);
}

async function queryApproved(
  contract: Contract,
  mspId: string,
  name: string,
  sequence: number,
): Promise<peer.lifecycle.QueryApprovedChaincodeDefinitionResult | undefined> {
  const args = new lifecycle.QueryApprovedChaincodeDefinitionArgs();
  args.setName(name);
  args.setSequence(sequence);
  const payload = await queryOrAbsent(
    contract,
    'QueryApprovedChaincodeDefinition',
    args.serializeBinary(),
    mspId,
  );
  return payload && lifecycle.QueryApprovedChaincodeDefinitionResult.deserializeBinary(payload);
}

/** Where there is no such definition the chaincode says so by an error; that is an answer (core/chaincode/lifecycle). */
async function queryOrAbsent(
  contract: Contract,
  query: string,
  args: Uint8Array,
  mspId?: string,
): Promise<Uint8Array | undefined> {
  try {
    return await contract.evaluate(query, {
      arguments: [args],
      ...(mspId === undefined ? {} : { endorsingOrganizations: [mspId] }),
    });
  } catch (error) {
    if (error instanceof GatewayError && ABSENT.test(describeFailure(error))) {
      return undefined;
    }
    throw error;
  }
}

async function submit(
  contract: Contract,
  call: string,
  args: Uint8Array,
  endorsers?: string[],
): Promise<void> {
  await contract.submit(call, {
    arguments: [args],
    ...(endorsers === undefined ? {} : { endorsingOrganizations: endorsers }),
  });
}

/** Peers find each other, orderers a leader, and approvals their way to every peer, in their own time. */
export function patiently<T>(
  what: string,
  signal: AbortSignal | undefined,
  attempt: () => Promise<T>,
  timeoutMs = PATIENCE_MS,
): Promise<T> {
  return waitUntil({ what, timeoutMs, intervalMs: 100, signal }, async () => {
    try {
      return await attempt();
    } catch (error) {
      throw new Error(describeFailure(error), { cause: error });
    }
  });
}
