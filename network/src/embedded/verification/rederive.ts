import {
  HeaderType,
  MetadataSlot,
  readChaincodeAction,
  readChaincodeActionPayload,
  readChannelHeader,
  readEnvelope,
  readPayload,
  readProposalResponsePayload,
  readTransactionActions,
  readTxRwset,
  type Block,
  type NamespaceRwset,
} from '../../wire-format/index.js';
import { RememberedPrevious, type PreviousEntry } from '../state/previous-state.js';
import { UpdateBatch } from '../state/update-batch.js';
import { applyWrites } from '../validation/apply-writes.js';
import { ValidationCode } from '../validation/codes.js';
import { claimedTransactionId } from '../validation/syntax.js';
import { Mismatch } from './mismatch.js';

/** What the bytes of a transaction say of it, together with its code. */
export interface RederivedTransaction {
  readonly index: number;
  readonly txId: string;
  readonly code: number;
  readonly isValid: boolean;
  readonly isConfig: boolean;
  /** Empty where the bytes hold none. */
  readonly namespaces: readonly NamespaceRwset[];
}

/** The net updates of a block, from its bytes, its codes, and the entries of which something was kept. */
export function rederiveUpdates(
  block: Block,
  kept: readonly PreviousEntry[],
): { updates: UpdateBatch; transactions: RederivedTransaction[] } {
  const { number } = block.header;
  const filter = block.metadata[MetadataSlot.TRANSACTIONS_FILTER] ?? Buffer.alloc(0);
  const updates = new UpdateBatch();
  const previous = new RememberedPrevious(kept);
  const transactions = block.transactions.map((bytes, index): RederivedTransaction => {
    const code = filter[index] ?? ValidationCode.INVALID_OTHER_REASON;
    const isValid = code === ValidationCode.VALID;
    const content = readContent(bytes);
    if (isValid && content === undefined) throw new Mismatch(number, `transaction ${index} cannot be read`);
    const transaction = {
      index,
      txId: claimedTransactionId(bytes),
      code,
      isValid,
      isConfig: content?.isConfig ?? false,
      namespaces: content?.namespaces ?? [],
    };
    if (isValid) applyWrites(transaction.namespaces, { block: number, tx: index }, previous, updates);
    return transaction;
  });
  return { updates, transactions };
}

function readContent(
  bytes: Buffer,
): { isConfig: boolean; namespaces: readonly NamespaceRwset[] } | undefined {
  try {
    const { header, data } = readPayload(readEnvelope(bytes).payload);
    if (header === undefined) return undefined;
    const { type } = readChannelHeader(header.channelHeader);
    if (type === HeaderType.CONFIG) return { isConfig: true, namespaces: [] };
    const [action] = readTransactionActions(data);
    const endorsed = action === undefined ? undefined : readChaincodeActionPayload(action.payload).action;
    if (endorsed === undefined) return undefined;
    const { extension } = readProposalResponsePayload(endorsed.proposalResponsePayload);
    return { isConfig: false, namespaces: readTxRwset(readChaincodeAction(extension).results) };
  } catch {
    return undefined; // Invalid transactions may hold anything; for valid ones the caller refuses.
  }
}
