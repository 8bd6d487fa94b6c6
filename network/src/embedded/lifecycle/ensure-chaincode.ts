import { encodePrivateSets } from '../simulator/read-write-set-encoding.js';
import { TxSimulator } from '../simulator/tx-simulator.js';
import { ChannelLifecycle } from '../system-chaincodes/channel-lifecycle.js';
import type { EmbeddedLedger } from '../embedded-ledger.js';
import type { PeerSigner } from '../ports.js';
import {
  approvalArgs,
  checkDefinition,
  commitArgs,
  desiredParameters,
  packageIdOf,
  type DesiredChaincode,
} from './desired-definition.js';
import { queryApproved } from './functions.js';
import { difference } from './parameters.js';
import { organisationState, publicState } from './state.js';
import { lifecycleTransaction, type LifecycleCall, type SignedTransaction } from './transactions.js';

/** An organisation as far as the lifecycle needs it: who approves, and who endorses. */
export interface LifecycleOrganization {
  readonly mspId: string;
  readonly peer: PeerSigner;
  readonly admin: PeerSigner;
}

/**
 * Brings the chaincode's definition on the ledger to what the consortium wants: every organisation approves, all
 * endorse the commit; nothing happens when it is there already. The transactions go through the ordinary orderer
 * and validator. Organisations that are not on the channel are left out.
 * @throws Error when the definition is refused.
 */
export function ensureChaincode(
  ledger: EmbeddedLedger,
  organizations: readonly LifecycleOrganization[],
  chaincode: DesiredChaincode,
  now: () => number,
): void {
  const { channel } = ledger;
  const members = organizations.filter(({ mspId }) => channel.applicationMspIds.includes(mspId));
  const [first] = members;
  if (first === undefined) throw new Error('no organisation is there to define a chaincode');
  const inForce = definitionInForce(ledger, chaincode.name);
  checkDefinition(chaincode, channel, () => inForce?.parameters.collections);
  const isCurrent =
    inForce !== undefined && difference(inForce.parameters, desiredParameters(chaincode)) === undefined;
  const sequence = (inForce?.sequence ?? 0) + (isCurrent ? 0 : 1);
  const common = { channelId: channel.channelId, at: now() };
  const approvals = members.flatMap((member) => {
    const packageId = packageIdOf(chaincode, member.mspId);
    if (isApproved(ledger, member.mspId, chaincode, sequence, packageId)) return [];
    const argument = approvalArgs(chaincode, sequence, packageId).serializeBinary();
    return [
      simulated(ledger, { ...common, creator: member.admin, endorsers: [member.peer] }, member.mspId, {
        function: 'ApproveChaincodeDefinitionForMyOrg',
        argument,
      }),
    ];
  });
  submit(ledger, approvals, `approving chaincode ${chaincode.name}`);
  if (isCurrent) return;
  const commit = simulated(
    ledger,
    { ...common, creator: first.admin, endorsers: members.map(({ peer }) => peer) },
    first.mspId,
    { function: 'CommitChaincodeDefinition', argument: commitArgs(chaincode, sequence).serializeBinary() },
  );
  submit(ledger, [commit], `committing chaincode ${chaincode.name}`);
}

function definitionInForce(
  ledger: EmbeddedLedger,
  name: string,
): ReturnType<EmbeddedLedger['chaincodeDefinition']> {
  const snapshot = ledger.openSnapshot();
  try {
    return ledger.chaincodeDefinition(snapshot, name);
  } finally {
    snapshot.release();
  }
}

function isApproved(
  ledger: EmbeddedLedger,
  mspId: string,
  chaincode: DesiredChaincode,
  sequence: number,
  packageId: string,
): boolean {
  return withSimulator(ledger, mspId, (simulator) => {
    try {
      const { channelId } = ledger.channel;
      const own = organisationState(simulator, mspId);
      const approved = queryApproved(channelId, chaincode.name, sequence, publicState(simulator), own);
      return (
        approved.packageId === packageId &&
        difference(approved.parameters, desiredParameters(chaincode)) === undefined
      );
    } catch {
      return false; // That there is no approval is told by an error.
    }
  });
}

/** The transaction with what the function does in it, as the organisation's peer simulates it. */
function simulated(
  ledger: EmbeddedLedger,
  call: Pick<LifecycleCall, 'channelId' | 'at' | 'creator' | 'endorsers'>,
  mspId: string,
  invoked: Pick<LifecycleCall, 'function' | 'argument'>,
): SignedTransaction {
  return withSimulator(ledger, mspId, (simulator) => {
    const lifecycle = new ChannelLifecycle(mspId, ledger.channel, simulator);
    if (invoked.function === 'CommitChaincodeDefinition') lifecycle.commit(invoked.argument);
    else lifecycle.approve(invoked.argument);
    const { publicSet, privateSets } = simulator.result();
    const transaction = lifecycleTransaction({ ...call, ...invoked, results: publicSet });
    if (privateSets.length > 0) ledger.stagePrivate(mspId, transaction.txId, encodePrivateSets(privateSets));
    return transaction;
  });
}

function withSimulator<T>(ledger: EmbeddedLedger, mspId: string, use: (simulator: TxSimulator) => T): T {
  const simulator = new TxSimulator(mspId, '', ledger, ledger.openSnapshot());
  try {
    return use(simulator);
  } finally {
    simulator.release();
  }
}

function submit(ledger: EmbeddedLedger, transactions: readonly SignedTransaction[], what: string): void {
  if (transactions.length === 0) return;
  for (const { envelope } of transactions) {
    const { status, info } = ledger.order(envelope);
    if (status !== 200) throw new Error(`${what} was refused by the orderer: ${status} ${info}`);
  }
  ledger.flush();
  for (const { txId } of transactions) {
    const status = ledger.transactionStatus(txId);
    if (status?.code !== 0) throw new Error(`${what} was not valid (code ${status?.code ?? 'none'})`);
  }
}
