import { createHash } from 'node:crypto';
import { common, ledger, peer } from '@hyperledger/fabric-protos';

export function sha256(data: Uint8Array): Buffer {
  return createHash('sha256').update(data).digest();
}

export interface ReadTransaction {
  readonly txId: string;
  readonly payload: common.Payload;
  readonly action: peer.ChaincodeActionPayload;
  readonly responsePayload: peer.ProposalResponsePayload;
  readonly chaincodeAction: peer.ChaincodeAction;
  readonly rwset: ledger.rwset.TxReadWriteSet;
}

/** One transaction of a serialised block, by fabric-protos alone. */
export function readTransaction(block: Buffer, index = 0): ReadTransaction {
  const envelope =
    common.Block.deserializeBinary(block).getData()?.getDataList_asU8()[index] ?? new Uint8Array();
  const payload = common.Payload.deserializeBinary(
    common.Envelope.deserializeBinary(envelope).getPayload_asU8(),
  );
  const header = common.ChannelHeader.deserializeBinary(
    payload.getHeader()?.getChannelHeader_asU8() ?? new Uint8Array(),
  );
  const [first] = peer.Transaction.deserializeBinary(payload.getData_asU8()).getActionsList();
  const action = peer.ChaincodeActionPayload.deserializeBinary(first?.getPayload_asU8() ?? new Uint8Array());
  const responsePayload = peer.ProposalResponsePayload.deserializeBinary(
    action.getAction()?.getProposalResponsePayload_asU8() ?? new Uint8Array(),
  );
  const chaincodeAction = peer.ChaincodeAction.deserializeBinary(responsePayload.getExtension_asU8());
  const rwset = ledger.rwset.TxReadWriteSet.deserializeBinary(chaincodeAction.getResults_asU8());
  return { txId: header.getTxId(), payload, action, responsePayload, chaincodeAction, rwset };
}

/** The public reads, writes and range queries of a namespace. */
export function publicSet(transaction: ReadTransaction, namespace: string): ledger.rwset.kvrwset.KVRWSet {
  const found = transaction.rwset.getNsRwsetList().find((each) => each.getNamespace() === namespace);
  return ledger.rwset.kvrwset.KVRWSet.deserializeBinary(found?.getRwset_asU8() ?? new Uint8Array());
}
