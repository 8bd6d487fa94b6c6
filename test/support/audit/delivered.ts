import { ledger, peer } from '@hyperledger/fabric-protos';

type Delivered = peer.BlockAndPrivateData;

/** The block as a peer delivers it that lacks the values of these keys. */
export function lacking(block: Delivered, isLacking: (key: string) => boolean = () => true): Delivered {
  return withValues(block, (write) => (isLacking(write.getKey()) ? undefined : write));
}

/** The block as a peer delivers it that says something else than what was hashed. */
export function altered(block: Delivered): Delivered {
  return withValues(block, (write) => {
    write.setValue(Buffer.from('{}'));
    return write;
  });
}

/** The block without its transactions, under the header that it had. */
export function emptied(block: Delivered): Delivered {
  const copy = copyOf(block);
  copy.getBlock()?.getData()?.setDataList([]);
  return copy;
}

function withValues(
  block: Delivered,
  change: (write: ledger.rwset.kvrwset.KVWrite) => ledger.rwset.kvrwset.KVWrite | undefined,
): Delivered {
  const copy = copyOf(block);
  for (const [, set] of copy.getPrivateDataMapMap().entries())
    for (const space of set.getNsPvtRwsetList())
      for (const collection of space.getCollectionPvtRwsetList()) {
        const values = ledger.rwset.kvrwset.KVRWSet.deserializeBinary(collection.getRwset_asU8());
        values.setWritesList(values.getWritesList().flatMap((write) => change(write) ?? []));
        collection.setRwset(values.serializeBinary());
      }
  return copy;
}

function copyOf(block: Delivered): Delivered {
  return peer.BlockAndPrivateData.deserializeBinary(block.serializeBinary());
}
