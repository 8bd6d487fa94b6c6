import { ledger } from '@hyperledger/fabric-protos';
import { hashKey, type PrivateValue } from '../history/delivered-block.js';

/** The private values of one transaction, and undefined where the bytes are not their one encoding. */
export function readPrivateSet(bytes: Uint8Array): PrivateValue[] | undefined {
  try {
    return valuesOf(bytes);
  } catch {
    return undefined; // Whatever cannot be read is not its one encoding.
  }
}

/** Throws what the decoder throws where the bytes are no private set. */
function valuesOf(bytes: Uint8Array): PrivateValue[] | undefined {
  const set = ledger.rwset.TxPvtReadWriteSet.deserializeBinary(bytes);
  if (!Buffer.from(set.serializeBinary()).equals(bytes)) return undefined;
  const values: PrivateValue[] = [];
  for (const space of set.getNsPvtRwsetList()) {
    for (const collection of space.getCollectionPvtRwsetList()) {
      const inner = ledger.rwset.kvrwset.KVRWSet.deserializeBinary(collection.getRwset_asU8());
      if (!Buffer.from(inner.serializeBinary()).equals(collection.getRwset_asU8())) return undefined;
      for (const write of inner.getWritesList()) {
        if (write.getIsDelete()) continue;
        values.push({
          namespace: space.getNamespace(),
          collection: collection.getCollectionName(),
          key: write.getKey(),
          keyHash: hashKey(write.getKey()),
          value: Buffer.from(write.getValue_asU8()),
        });
      }
    }
  }
  return values;
}
