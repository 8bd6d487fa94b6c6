import { encodeVarint, ProtoWriter, sha256 } from '../../wire-format/index.js';
import type { Version } from '../ports.js';
import { compareBytewise } from './byte-order.js';
import type { Update, UpdateBatch } from './update-batch.js';

/**
 * The value of a block's COMMIT_HASH slot: what every peer must have made of the block
 * [core/ledger/kvledger/kv_ledger.go: addBlockCommitHash].
 * @param previous The value of the previous block; empty for the genesis block.
 */
export function commitHash(filter: Buffer, updates: UpdateBatch, previous: Buffer): Buffer {
  return sha256(encodeVarint(filter.length), filter, updateBytes(updates), previous);
}

/** [core/ledger/kvledger/txmgmt/txmgr/update_batch_bytes.go] */
function updateBytes(updates: UpdateBatch): Buffer {
  const writer = new ProtoWriter();
  for (const namespace of [...updates.namespaces.keys()].sort(compareBytewise)) {
    const of = updates.namespaces.get(namespace);
    if (of === undefined || namespace === '') continue;
    let namespaceField = namespace;
    for (const key of [...of.public.keys()].sort(compareBytewise)) {
      const update = of.public.get(key);
      if (update === undefined) continue;
      writeUpdate(writer, namespaceField, '', Buffer.from(key, 'utf8'), update, update.entry?.value);
      namespaceField = '';
    }
    for (const collection of [...of.collections.keys()].sort(compareBytewise)) {
      let collectionField = collection;
      const hashes = of.collections.get(collection);
      // Strings of one byte a character sort as their bytes do.
      for (const keyHash of [...(hashes?.keys() ?? [])].sort()) {
        const update = hashes?.get(keyHash);
        if (update === undefined) continue;
        const key = Buffer.from(keyHash, 'latin1');
        writeUpdate(writer, namespaceField, collectionField, key, update, update.entry?.valueHash);
        namespaceField = '';
        collectionField = '';
      }
    }
  }
  return writer.finish();
}

function writeUpdate(
  writer: ProtoWriter,
  namespace: string,
  collection: string,
  key: Buffer,
  update: Update<unknown>,
  value: Buffer | undefined,
): void {
  const entry = new ProtoWriter()
    .bytes(1, namespace)
    .bytes(2, collection)
    .bytes(3, key)
    .bool(4, value === undefined)
    .bytes(5, value)
    .bytes(6, versionBytes(update.version));
  writer.present(1, entry.finish());
}

/** Order-preserving variable-length integers [common/ledger/util/util.go]. */
function versionBytes({ block, tx }: Version): Buffer {
  return Buffer.from([...orderPreserving(block), ...orderPreserving(tx)]);
}

function orderPreserving(value: number): number[] {
  const digits: number[] = [];
  for (let rest = value; rest > 0; rest = Math.floor(rest / 256)) digits.unshift(rest % 256);
  return [digits.length, ...digits];
}
