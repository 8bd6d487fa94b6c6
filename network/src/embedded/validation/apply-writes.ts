import type { MetadataEntry, NamespaceRwset } from '../../wire-format/index.js';
import type { Metadata, Version } from '../ports.js';
import { HashedEntry, type StateEntry } from '../state/entries.js';
import { metadataOf } from '../state/metadata.js';
import type { PreviousState } from '../state/previous-state.js';
import type { UpdateBatch } from '../state/update-batch.js';

/** Value and metadata writes of one key in one transaction. */
interface KeyWrites<V> {
  value?: V;
  isDelete?: boolean;
  metadata?: readonly MetadataEntry[];
}

/**
 * Adds the writes of a valid transaction to the net updates of its block: a value alone keeps the metadata,
 * metadata alone keeps the value but moves the version, and does nothing where there is no value; a delete drops
 * both [core/ledger/kvledger/txmgmt/validation/tx_ops.go].
 */
export function applyWrites(
  namespaces: readonly NamespaceRwset[],
  version: Version,
  previous: PreviousState,
  updates: UpdateBatch,
): void {
  // All look-ups of a transaction see the state before it, so its writes are gathered first.
  const additions: (() => void)[] = [];
  for (const rwset of namespaces) {
    gatherPublic(rwset, version, previous, updates, additions);
    gatherHashed(rwset, version, previous, updates, additions);
  }
  for (const add of additions) add();
}

/** Of what was there before, a write of the value alone keeps the metadata, one of metadata alone the value. */
function needed(write: KeyWrites<Buffer>): 'value' | 'metadata' {
  return write.value === undefined ? 'value' : 'metadata';
}

function gatherPublic(
  { namespace, public: { writes, metadataWrites } }: NamespaceRwset,
  version: Version,
  previous: PreviousState,
  updates: UpdateBatch,
  additions: (() => void)[],
): void {
  const keys = new Map<string, KeyWrites<Buffer>>();
  for (const { key, isDelete, value } of writes) keys.set(key, { value, isDelete });
  for (const { key, entries } of metadataWrites) keys.set(key, { ...keys.get(key), metadata: entries });
  for (const [key, write] of keys) {
    const before = (): StateEntry | undefined => {
      const update = updates.public(namespace, key);
      return update === undefined ? previous.public(namespace, key, needed(write)) : update.entry;
    };
    const entry = publicEntry(write, version, before);
    if (entry !== 'unchanged')
      additions.push(() => {
        updates.setPublic(namespace, key, { entry, version });
      });
  }
}

function publicEntry(
  { value, isDelete, metadata: written }: KeyWrites<Buffer>,
  version: Version,
  before: () => StateEntry | undefined,
): StateEntry | 'unchanged' | undefined {
  if (isDelete === true) return undefined;
  if (value === undefined) {
    const kept = before();
    if (kept === undefined) return 'unchanged';
    return withMetadata({ value: kept.value, version }, metadataOf(written ?? []));
  }
  const metadata = written === undefined ? before()?.metadata : metadataOf(written);
  // A copy, so that a cached value does not keep a whole block in memory.
  return withMetadata({ value: Buffer.from(value), version }, metadata);
}

function withMetadata(
  entry: { value: Buffer; version: Version },
  metadata: Metadata | undefined,
): StateEntry {
  return metadata === undefined ? entry : { ...entry, metadata };
}

function gatherHashed(
  { namespace, collections }: NamespaceRwset,
  version: Version,
  previous: PreviousState,
  updates: UpdateBatch,
  additions: (() => void)[],
): void {
  for (const { collection, writes, metadataWrites } of collections) {
    const keys = new Map<string, KeyWrites<Buffer>>();
    for (const { keyHash, isDelete, valueHash } of writes) {
      keys.set(keyHash.toString('latin1'), { value: valueHash, isDelete });
    }
    for (const { keyHash, entries } of metadataWrites) {
      const key = keyHash.toString('latin1');
      keys.set(key, { ...keys.get(key), metadata: entries });
    }
    for (const [keyHash, write] of keys) {
      const before = (): HashedEntry | undefined => {
        const update = updates.hashed(namespace, collection, keyHash);
        return update === undefined
          ? previous.hashed(namespace, collection, keyHash, needed(write))
          : update.entry;
      };
      const entry = hashedEntry(write, version, before);
      if (entry !== 'unchanged') {
        additions.push(() => {
          updates.setHashed(namespace, collection, keyHash, { entry, version });
        });
      }
    }
  }
}

function hashedEntry(
  { value, isDelete, metadata: written }: KeyWrites<Buffer>,
  version: Version,
  before: () => HashedEntry | undefined,
): HashedEntry | 'unchanged' | undefined {
  if (isDelete === true) return undefined;
  if (value === undefined) {
    const kept = before();
    if (kept === undefined) return 'unchanged';
    return new HashedEntry(kept.valueHash, version, kept.valueVersion, metadataOf(written ?? []));
  }
  const metadata = written === undefined ? before()?.metadata : metadataOf(written);
  return new HashedEntry(value, version, version, metadata);
}
