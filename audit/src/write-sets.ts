import { common, ledger, peer } from '@hyperledger/fabric-protos';
import { withoutField } from './without-field.js';

/**
 * What the valid transactions of a block write, read from the block's own bytes.
 * Sources: Fabric's rwset protos, core/ledger/kvledger/txmgmt/validation/tx_ops.go.
 */

/** Field of kvrwset.HashedRWSet: what a transaction read, which is more than it writes. */
const HASHED_READS = 1;

export interface KeyWrite {
  readonly namespace: string;
  /** '' for public state. */
  readonly collection: string;
  /** UTF-8 of a public key, SHA-256 of a private one; latin1 text so that it orders and compares by bytes. */
  readonly key: string;
  readonly isDelete: boolean;
  /** Public value, or SHA-256 of the private one; empty where it is a delete. */
  readonly value: Uint8Array;
}

/** Only metadata of a key changes; the value stays and its version moves. */
export interface MetadataWrite {
  readonly namespace: string;
  readonly collection: string;
  readonly key: string;
}

export interface TransactionWrites {
  readonly writes: readonly KeyWrite[];
  readonly metadata: readonly MetadataWrite[];
}

/** Writes of an endorser transaction's envelope; undefined for any other kind of transaction. */
export function writesOf(envelope: Uint8Array): TransactionWrites | undefined {
  const payload = common.Payload.deserializeBinary(
    common.Envelope.deserializeBinary(envelope).getPayload_asU8(),
  );
  const header = common.ChannelHeader.deserializeBinary(
    payload.getHeader()?.getChannelHeader_asU8() ?? new Uint8Array(),
  );
  if (header.getType() !== common.HeaderType.ENDORSER_TRANSACTION) return undefined;
  const action = peer.Transaction.deserializeBinary(payload.getData_asU8()).getActionsList()[0];
  if (action === undefined) return undefined;
  const endorsed = peer.ChaincodeActionPayload.deserializeBinary(action.getPayload_asU8()).getAction();
  const response = peer.ProposalResponsePayload.deserializeBinary(
    endorsed?.getProposalResponsePayload_asU8() ?? new Uint8Array(),
  );
  const results = peer.ChaincodeAction.deserializeBinary(response.getExtension_asU8()).getResults_asU8();

  const writes: KeyWrite[] = [];
  const metadata: MetadataWrite[] = [];
  for (const space of ledger.rwset.TxReadWriteSet.deserializeBinary(results).getNsRwsetList()) {
    const namespace = space.getNamespace();
    const set = ledger.rwset.kvrwset.KVRWSet.deserializeBinary(space.getRwset_asU8());
    for (const write of set.getWritesList()) {
      writes.push(
        keyWrite(namespace, '', utf8Key(write.getKey()), write.getIsDelete(), write.getValue_asU8()),
      );
    }
    for (const write of set.getMetadataWritesList())
      metadata.push({ namespace, collection: '', key: utf8Key(write.getKey()) });
    for (const hashed of space.getCollectionHashedRwsetList()) {
      const collection = hashed.getCollectionName();
      const hashes = ledger.rwset.kvrwset.HashedRWSet.deserializeBinary(
        withoutField(hashed.getHashedRwset_asU8(), HASHED_READS),
      );
      for (const write of hashes.getHashedWritesList()) {
        const key = byteKey(write.getKeyHash_asU8());
        writes.push(keyWrite(namespace, collection, key, write.getIsDelete(), write.getValueHash_asU8()));
      }
      for (const write of hashes.getMetadataWritesList()) {
        metadata.push({ namespace, collection, key: byteKey(write.getKeyHash_asU8()) });
      }
    }
  }
  return { writes, metadata };
}

function keyWrite(
  namespace: string,
  collection: string,
  key: string,
  isDelete: boolean,
  value: Uint8Array,
): KeyWrite {
  // An empty value deletes (rwsetutil.IsKVWriteDelete).
  return { namespace, collection, key, isDelete: isDelete || value.length === 0, value };
}

/** Fabric orders strings by their UTF-8 bytes, JavaScript by UTF-16 units: latin1 text of the bytes orders alike. */
function utf8Key(text: string): string {
  return byteKey(Buffer.from(text, 'utf8'));
}

function byteKey(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('latin1');
}
