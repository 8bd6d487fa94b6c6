import {
  encodeBlock,
  HeaderType,
  MetadataSlot,
  ProtoWriter,
  readBlock,
  readChaincodeAction,
  readChaincodeActionPayload,
  readChaincodeEvent,
  readChannelHeader,
  readEnvelope,
  readPayload,
  readProposalResponsePayload,
  readTransactionActions,
} from '../../wire-format/index.js';
import { isConfiguration } from '../config/is-configuration.js';
import type { MspIdentity } from '../msp/identity.js';
import { SignaturePolicy } from '../policy/signature-policy.js';
import type { HeldPrivateSet, PeerView } from './peer-view.js';

const EMPTY = Buffer.alloc(0);

/** protos.DeliverResponse, by its arms. */
export function statusResponse(status: number): Buffer {
  return new ProtoWriter().number(1, status).finish();
}

export function blockResponse(block: Buffer): Buffer {
  return new ProtoWriter().present(2, block).finish();
}

/** A block with the private sets that its requester may have [core/peer/deliverevents.go]. */
export function blockAndPrivateDataResponse(
  block: Buffer,
  blockNumber: number,
  view: PeerView,
  requester: MspIdentity,
): Buffer {
  const writer = new ProtoWriter().present(1, block);
  const byTransaction = new Map<number, HeldPrivateSet[]>();
  for (const set of view.privateSets(blockNumber)) {
    if (!mayRead(set, blockNumber, view, requester)) continue;
    const sets = byTransaction.get(set.tx);
    if (sets === undefined) byTransaction.set(set.tx, [set]);
    else sets.push(set);
  }
  for (const [tx, sets] of byTransaction) {
    writer.present(2, new ProtoWriter().number(1, tx).present(2, privateReadWriteSet(sets)).finish());
  }
  return new ProtoWriter().present(4, writer.finish()).finish();
}

/** Members always; others only where the collection does not keep reading to its members. */
function mayRead(
  { namespace, collection }: HeldPrivateSet,
  blockNumber: number,
  view: PeerView,
  requester: MspIdentity,
): boolean {
  const definition = view.collectionBelow(blockNumber, namespace, collection);
  if (definition?.memberOnlyRead !== true) return true;
  return new SignaturePolicy(definition.memberOrgsPolicy).refusal([requester]) === undefined;
}

/** rwset.TxPvtReadWriteSet */
function privateReadWriteSet(sets: readonly HeldPrivateSet[]): Buffer {
  const writer = new ProtoWriter();
  for (const namespace of new Set(sets.map((set) => set.namespace))) {
    const inner = new ProtoWriter().bytes(1, namespace);
    for (const set of sets) {
      if (set.namespace !== namespace) continue;
      inner.present(2, new ProtoWriter().bytes(1, set.collection).bytes(2, set.rwset).finish());
    }
    writer.present(2, inner.finish());
  }
  return writer.finish();
}

/** Codes and names of events of all transactions, valid or not; never a payload. */
export function filteredBlockResponse(bytes: Buffer, channelId: string): Buffer {
  const block = readBlock(bytes);
  const filter = block.metadata[MetadataSlot.TRANSACTIONS_FILTER] ?? Buffer.alloc(0);
  const writer = new ProtoWriter().bytes(1, channelId).number(2, block.header.number);
  for (const [index, transaction] of block.transactions.entries()) {
    writer.present(4, filteredTransaction(transaction, filter[index] ?? 0));
  }
  return new ProtoWriter().present(3, writer.finish()).finish();
}

function filteredTransaction(bytes: Buffer, code: number): Buffer {
  const writer = new ProtoWriter();
  try {
    const { header, data } = readPayload(readEnvelope(bytes).payload);
    if (header === undefined) return writer.number(3, code).finish();
    const { txId, type } = readChannelHeader(header.channelHeader);
    writer.bytes(1, txId).number(2, type).number(3, code);
    if (type !== HeaderType.ENDORSER_TRANSACTION) return writer.finish();
    return writer.present(4, filteredActions(data)).finish();
  } catch {
    return writer.finish(); // What cannot be read is shown as far as it could be.
  }
}

function filteredActions(data: Buffer): Buffer {
  const writer = new ProtoWriter();
  for (const { payload } of readTransactionActions(data)) {
    const { action } = readChaincodeActionPayload(payload);
    if (action === undefined) continue;
    const { extension } = readProposalResponsePayload(action.proposalResponsePayload);
    const { chaincodeId, txId, eventName } = readChaincodeEvent(readChaincodeAction(extension).events);
    if (chaincodeId === '') continue;
    const event = new ProtoWriter().bytes(1, chaincodeId).bytes(2, txId).bytes(3, eventName).finish();
    writer.present(1, new ProtoWriter().present(1, event).finish());
  }
  return writer.finish();
}

/** The block without its data, unless it carries a configuration. */
export function headerWithSignatures(bytes: Buffer): Buffer {
  const block = readBlock(bytes);
  const first = block.transactions[0];
  if (first !== undefined && isConfiguration(first)) return bytes;
  return encodeBlock({ ...block, transactions: [] });
}

/** The block as the orderer made it: without what peers write beside it. */
export function asOrdered(bytes: Buffer): Buffer {
  const block = readBlock(bytes);
  const metadata = block.metadata.slice();
  metadata[MetadataSlot.TRANSACTIONS_FILTER] = EMPTY;
  metadata[MetadataSlot.COMMIT_HASH] = EMPTY;
  return encodeBlock({ ...block, metadata });
}
