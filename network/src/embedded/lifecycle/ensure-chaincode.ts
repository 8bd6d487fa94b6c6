import type { EmbeddedLedger } from '../embedded-ledger.js';
import type { PeerSigner, Snapshot } from '../ports.js';
import { checkDefinition, committed, type DesiredChaincode } from './desired-definition.js';
import { simulateApproval, simulateCommit } from './simulation.js';
import {
  approvalArgument,
  commitArgument,
  lifecycleTransaction,
  type SignedTransaction,
} from './transactions.js';

/** An organisation as far as the lifecycle needs it: who approves, and who endorses. */
export interface LifecycleOrganization {
  readonly mspId: string;
  readonly peer: PeerSigner;
  readonly admin: PeerSigner;
}

/**
 * Brings the chaincode's definition on the ledger to what the consortium wants: every organisation approves, all
 * endorse the commit; nothing happens when it is there already. The transactions go through the ordinary orderer
 * and validator.
 * @throws Error when the definition is refused.
 */
export function ensureChaincode(
  ledger: EmbeddedLedger,
  organizations: readonly LifecycleOrganization[],
  chaincode: DesiredChaincode,
  now: () => number,
): void {
  checkDefinition(chaincode, ledger.channel.applicationMspIds);
  const current = withSnapshot(ledger, (snapshot) => committed(snapshot, chaincode));
  if (current.isCurrent) return;
  const sequence = current.sequence + 1;
  const common = { channelId: ledger.channel.channelId, at: now() };
  const approvals = withSnapshot(ledger, (snapshot) =>
    organizations.map(({ mspId, peer, admin }) => {
      const results = simulateApproval(snapshot, chaincode, sequence, mspId);
      const transaction = lifecycleTransaction({
        ...common,
        creator: admin,
        endorsers: [peer],
        function: 'ApproveChaincodeDefinitionForMyOrg',
        argument: approvalArgument(chaincode, sequence),
        results: results.public,
      });
      if (results.private !== undefined) ledger.stagePrivate(mspId, transaction.txId, results.private);
      return transaction;
    }),
  );
  submit(ledger, approvals, `approving chaincode ${chaincode.name}`);
  const [first] = organizations;
  if (first === undefined) throw new Error('no organisation is there to define a chaincode');
  const commit = withSnapshot(ledger, (snapshot) =>
    lifecycleTransaction({
      ...common,
      creator: first.admin,
      endorsers: organizations.map(({ peer }) => peer),
      function: 'CommitChaincodeDefinition',
      argument: commitArgument(chaincode, sequence),
      results: simulateCommit(snapshot, chaincode, sequence, ledger.channel.applicationMspIds).public,
    }),
  );
  submit(ledger, [commit], `committing chaincode ${chaincode.name}`);
}

function withSnapshot<T>(ledger: EmbeddedLedger, use: (snapshot: Snapshot) => T): T {
  const snapshot = ledger.openSnapshot();
  try {
    return use(snapshot);
  } finally {
    snapshot.release();
  }
}

function submit(ledger: EmbeddedLedger, transactions: readonly SignedTransaction[], what: string): void {
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
