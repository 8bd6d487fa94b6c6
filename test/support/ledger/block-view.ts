import { common, ledger, msp, peer } from '@hyperledger/fabric-protos';

const { rwset } = ledger;
const { kvrwset } = rwset;

type KVRWSet = InstanceType<typeof kvrwset.KVRWSet>;
type HashedRWSet = InstanceType<typeof kvrwset.HashedRWSet>;

export interface CollectionView {
  readonly name: string;
  readonly hashed: HashedRWSet;
  /** Hash of the private write set; empty when the collection was only read. */
  readonly privateHash: Uint8Array;
}

export interface NamespaceView {
  readonly namespace: string;
  readonly public: KVRWSet;
  readonly publicBytes: Uint8Array;
  readonly collections: readonly CollectionView[];
}

/** One transaction of a block, taken apart without re-encoding anything that was hashed or signed. */
export interface TransactionInBlock {
  readonly index: number;
  readonly envelope: Uint8Array;
  readonly txId: string;
  readonly type: number;
  /** protos.TxValidationCode */
  readonly code: number;
  readonly creator: Uint8Array;
  readonly channelHeader: Uint8Array;
  readonly signatureHeader: Uint8Array;
  readonly payload: Uint8Array;
  readonly signature: Uint8Array;
  /** Only where the transaction is an endorser's. */
  readonly endorsed?: EndorsedView;
}

export interface EndorsedView {
  readonly chaincodeProposalPayload: Uint8Array;
  readonly responsePayload: Uint8Array;
  readonly proposalHash: Uint8Array;
  readonly response: peer.Response;
  readonly chaincode: { readonly name: string; readonly version: string };
  readonly event?: peer.ChaincodeEvent;
  readonly endorsements: readonly {
    readonly endorser: Uint8Array;
    readonly mspId: string;
    readonly signature: Uint8Array;
  }[];
  readonly namespaces: readonly NamespaceView[];
}

export function transactionsOf(block: common.Block): readonly TransactionInBlock[] {
  const codes = metadataSlot(block, common.BlockMetadataIndex.TRANSACTIONS_FILTER);
  return (block.getData()?.getDataList_asU8() ?? []).map((envelope, index) =>
    viewOf(envelope, index, codes[index] ?? -1),
  );
}

export function transactionIn(
  block: common.Block,
  txId: string,
): TransactionInBlock & { endorsed: EndorsedView } {
  const found = transactionsOf(block).find((transaction) => transaction.txId === txId);
  if (found?.endorsed === undefined) {
    throw new Error(`block ${block.getHeader()?.getNumber()} has no endorsed transaction ${txId}`);
  }
  return { ...found, endorsed: found.endorsed };
}

export function metadataSlot(block: common.Block, slot: number): Uint8Array {
  return block.getMetadata()?.getMetadataList_asU8()[slot] ?? new Uint8Array();
}

export function namespaceOf(transaction: { endorsed: EndorsedView }, namespace: string): NamespaceView {
  const found = transaction.endorsed.namespaces.find((each) => each.namespace === namespace);
  if (found === undefined) {
    throw new Error(`the transaction touched no namespace ${namespace}`);
  }
  return found;
}

function viewOf(bytes: Uint8Array, index: number, code: number): TransactionInBlock {
  const envelope = common.Envelope.deserializeBinary(bytes);
  const payload = common.Payload.deserializeBinary(envelope.getPayload_asU8());
  const channelHeaderBytes = payload.getHeader()?.getChannelHeader_asU8() ?? new Uint8Array();
  const signatureHeaderBytes = payload.getHeader()?.getSignatureHeader_asU8() ?? new Uint8Array();
  const channelHeader = common.ChannelHeader.deserializeBinary(channelHeaderBytes);
  const endorsed =
    channelHeader.getType() === common.HeaderType.ENDORSER_TRANSACTION ? endorsedView(payload) : undefined;
  return {
    index,
    envelope: bytes,
    txId: channelHeader.getTxId(),
    type: channelHeader.getType(),
    code,
    creator: common.SignatureHeader.deserializeBinary(signatureHeaderBytes).getCreator_asU8(),
    channelHeader: channelHeaderBytes,
    signatureHeader: signatureHeaderBytes,
    payload: envelope.getPayload_asU8(),
    signature: envelope.getSignature_asU8(),
    ...(endorsed === undefined ? {} : { endorsed }),
  };
}

/** Undefined where the data is no transaction: garbage may stand in a block, marked invalid. */
function endorsedView(payload: common.Payload): EndorsedView | undefined {
  try {
    const [action] = peer.Transaction.deserializeBinary(payload.getData_asU8()).getActionsList();
    if (action === undefined) return undefined;
    const actionPayload = peer.ChaincodeActionPayload.deserializeBinary(action.getPayload_asU8());
    const responsePayload = actionPayload.getAction()?.getProposalResponsePayload_asU8() ?? new Uint8Array();
    const response = peer.ProposalResponsePayload.deserializeBinary(responsePayload);
    const chaincodeAction = peer.ChaincodeAction.deserializeBinary(response.getExtension_asU8());
    const events = chaincodeAction.getEvents_asU8();
    return {
      chaincodeProposalPayload: actionPayload.getChaincodeProposalPayload_asU8(),
      responsePayload,
      proposalHash: response.getProposalHash_asU8(),
      response: chaincodeAction.getResponse() ?? new peer.Response(),
      chaincode: {
        name: chaincodeAction.getChaincodeId()?.getName() ?? '',
        version: chaincodeAction.getChaincodeId()?.getVersion() ?? '',
      },
      ...(events.length === 0 ? {} : { event: peer.ChaincodeEvent.deserializeBinary(events) }),
      endorsements: (actionPayload.getAction()?.getEndorsementsList() ?? []).map((endorsement) => ({
        endorser: endorsement.getEndorser_asU8(),
        mspId: msp.SerializedIdentity.deserializeBinary(endorsement.getEndorser_asU8()).getMspid(),
        signature: endorsement.getSignature_asU8(),
      })),
      namespaces: namespaceViews(chaincodeAction.getResults_asU8()),
    };
  } catch {
    return undefined;
  }
}

function namespaceViews(results: Uint8Array): NamespaceView[] {
  return rwset.TxReadWriteSet.deserializeBinary(results)
    .getNsRwsetList()
    .map((namespace) => ({
      namespace: namespace.getNamespace(),
      publicBytes: namespace.getRwset_asU8(),
      public: kvrwset.KVRWSet.deserializeBinary(namespace.getRwset_asU8()),
      collections: namespace.getCollectionHashedRwsetList().map((collection) => ({
        name: collection.getCollectionName(),
        hashed: kvrwset.HashedRWSet.deserializeBinary(collection.getHashedRwset_asU8()),
        privateHash: collection.getPvtRwsetHash_asU8(),
      })),
    }));
}

export interface PrivateWrite {
  readonly key: string;
  readonly value: string;
  readonly isDelete: boolean;
}

/** Collection -> private writes of one transaction, as a peer delivered them; undefined when it delivered none. */
export function privateWrites(
  delivered: peer.BlockAndPrivateData,
  txIndex: number,
): Readonly<Record<string, readonly PrivateWrite[]>> | undefined {
  return delivered
    .getPrivateDataMapMap()
    .get(txIndex)
    ?.getNsPvtRwsetList()
    .flatMap((namespace) => namespace.getCollectionPvtRwsetList())
    .reduce<Record<string, readonly PrivateWrite[]>>((collections, collection) => {
      const writes = kvrwset.KVRWSet.deserializeBinary(collection.getRwset_asU8()).getWritesList();
      collections[collection.getCollectionName()] = writes.map((write) => ({
        key: write.getKey(),
        value: Buffer.from(write.getValue_asU8()).toString(),
        isDelete: write.getIsDelete(),
      }));
      return collections;
    }, {});
}
