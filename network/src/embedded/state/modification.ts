import {
  readBlock,
  readChaincodeAction,
  readChaincodeActionPayload,
  readChannelHeader,
  readEnvelope,
  readPayload,
  readProposalResponsePayload,
  readTransactionActions,
  readTxRwset,
  type Timestamp,
} from '../../wire-format/index.js';
import type { Version } from '../ports.js';
import type { BlockStore } from '../store/block-store.js';

/** One change of a public key. */
export interface Modification {
  readonly txId: string;
  readonly value: Buffer;
  readonly timestamp: Timestamp;
  readonly isDelete: boolean;
}

/** What a transaction wrote to a key, from its block [core/ledger/kvledger/history/query_executer.go]. */
export function readModification(
  blocks: BlockStore,
  { block, tx }: Version,
  namespace: string,
  key: string,
): Modification | undefined {
  const bytes = blocks.read(block);
  const transaction = bytes === undefined ? undefined : readBlock(bytes).transactions[tx];
  if (transaction === undefined) return undefined;
  const payload = readPayload(readEnvelope(transaction).payload);
  const [action] = readTransactionActions(payload.data);
  if (payload.header === undefined || action === undefined) return undefined;
  const { action: endorsed } = readChaincodeActionPayload(action.payload);
  if (endorsed === undefined) return undefined;
  const { extension } = readProposalResponsePayload(endorsed.proposalResponsePayload);
  const rwset = readTxRwset(readChaincodeAction(extension).results).find(
    (set) => set.namespace === namespace,
  );
  const write = rwset?.public.writes.findLast((candidate) => candidate.key === key);
  if (write === undefined) return undefined;
  const header = readChannelHeader(payload.header.channelHeader);
  return {
    txId: header.txId,
    value: Buffer.from(write.value),
    timestamp: header.timestamp ?? { seconds: 0, nanos: 0 },
    isDelete: write.isDelete,
  };
}
