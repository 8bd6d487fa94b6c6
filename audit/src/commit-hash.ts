import { createHash } from 'node:crypto';
import { bigEndian } from './block-hash.js';
import { writesOf, type KeyWrite } from './write-sets.js';

/**
 * The commit hash that every peer writes into its copy of a block: a chain over the validation codes and the net
 * changes of the state, so that two peers that disagree on either are told apart by one comparison.
 * Sources: Fabric's kv_ledger.go (addBlockCommitHash), txmgr/update_batch_bytes.go, validation/tx_ops.go.
 */
export class CommitHashChain {
  #last: Uint8Array = new Uint8Array();
  /** Latest value of each key, for a transaction that only changes a key's metadata and so carries the value along. */
  readonly #values = new Map<string, Uint8Array>();

  /**
   * Commit hash of the next block.
   * @param blockNumber its number, at least 1: the genesis block has no commit hash
   * @param envelopes its transactions
   * @param filter one protos.TxValidationCode a transaction
   */
  next(blockNumber: number, envelopes: readonly Uint8Array[], filter: Uint8Array): Buffer {
    const updates = new Map<string, Update>();
    envelopes.forEach((envelope, index) => {
      if (filter[index] === 0) this.#fold(envelope, { block: blockNumber, tx: index }, updates);
    });
    const hash = createHash('sha256')
      .update(varint(filter.length))
      .update(filter)
      .update(updatesBytes([...updates.values()]))
      .update(this.#last)
      .digest();
    this.#last = hash;
    return hash;
  }

  #fold(envelope: Uint8Array, version: Version, updates: Map<string, Update>): void {
    const set = writesOf(envelope);
    if (set === undefined) return;
    const written = new Set<string>();
    for (const write of set.writes) {
      const id = identity(write);
      written.add(id);
      updates.set(id, { ...write, version });
      if (write.isDelete) this.#values.delete(id);
      else this.#values.set(id, write.value);
    }
    for (const change of set.metadata) {
      const id = identity(change);
      const value = this.#values.get(id);
      // Metadata of a key that is not there, or of one that the same transaction deletes, changes nothing.
      if (written.has(id) || value === undefined) continue;
      updates.set(id, { ...change, isDelete: false, value, version });
    }
  }
}

interface Version {
  readonly block: number;
  readonly tx: number;
}

interface Update extends KeyWrite {
  readonly version: Version;
}

function identity(of: { namespace: string; collection: string; key: string }): string {
  return `${of.namespace}\u0000${of.collection}\u0000${of.key}`;
}

function updatesBytes(updates: Update[]): Buffer {
  updates.sort(
    (a, b) =>
      compare(a.namespace, b.namespace) || compare(a.collection, b.collection) || compare(a.key, b.key),
  );
  let namespace: string | undefined;
  let collection: string | undefined;
  const parts: Buffer[] = [];
  for (const update of updates) {
    // The channel's configuration lives in the namespace '' and is not hashed.
    if (update.namespace === '') continue;
    const newNamespace = update.namespace !== namespace;
    const newCollection = newNamespace || update.collection !== collection;
    namespace = update.namespace;
    collection = update.collection;
    const fields = [
      newNamespace ? field(1, Buffer.from(update.namespace, 'utf8')) : EMPTY,
      newCollection ? field(2, Buffer.from(update.collection, 'utf8')) : EMPTY,
      field(3, Buffer.from(update.key, 'latin1')),
      update.isDelete ? Buffer.from([0x20, 1]) : EMPTY,
      update.isDelete ? EMPTY : field(5, update.value),
      field(
        6,
        Buffer.from([...orderPreserving(update.version.block), ...orderPreserving(update.version.tx)]),
      ),
    ];
    parts.push(field(1, Buffer.concat(fields)));
  }
  return Buffer.concat(parts);
}

const EMPTY = Buffer.alloc(0);

/** A length-delimited protobuf field; nothing where it is empty, as proto3 leaves it out. */
function field(number: number, content: Uint8Array): Buffer {
  if (content.length === 0) return EMPTY;
  return Buffer.concat([varint((number << 3) | 2), varint(content.length), content]);
}

function varint(value: number): Buffer {
  const bytes: number[] = [];
  let rest = value;
  for (; rest >= 0x80; rest = Math.floor(rest / 128)) bytes.push((rest % 128) | 0x80);
  bytes.push(rest);
  return Buffer.from(bytes);
}

/** Fabric's order-preserving varint: the count of significant bytes, then the bytes. */
function orderPreserving(value: number): number[] {
  const bytes = bigEndian(value);
  return [bytes.length, ...bytes];
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
