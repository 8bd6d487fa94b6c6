import { ledger } from '@hyperledger/fabric-protos';
import type { PrivateValue } from '../history/delivered-block.js';

/** The private values of one transaction, and undefined where the bytes are not their one encoding. */
export function readPrivateSet(bytes: Uint8Array): PrivateValue[] | undefined {
  let set: ledger.rwset.TxPvtReadWriteSet;
  try {
    set = ledger.rwset.TxPvtReadWriteSet.deserializeBinary(bytes);
  } catch {
    return undefined;
  }
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
          value: Buffer.from(write.getValue_asU8()),
        });
      }
    }
  }
  return values;
}
