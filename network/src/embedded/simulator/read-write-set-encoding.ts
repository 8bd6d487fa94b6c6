import { encodeMessage, sha256, type ProtoWriter } from '../../wire-format/index.js';
import { compareBytewise } from '../state/byte-order.js';
import { MERKLE_MAX_DEGREE, writeKeyRead, writeVersion } from './range-query-info.js';
import type { RangeQueryInfo } from './range-query-info.js';
import type { CollectionSet, MetadataEntries, NamespaceSet, ReadWriteSet, Write } from './read-write-set.js';

/** The private writes of one collection, as they go to its members. */
export interface PrivateCollectionSet {
  readonly namespace: string;
  readonly collection: string;
  /** Serialised kvrwset.KVRWSet. */
  readonly rwset: Buffer;
}

export interface EncodedReadWriteSet {
  /** Serialised rwset.TxReadWriteSet. */
  readonly publicSet: Buffer;
  /** In the order of namespaces and collections; empty when no collection was written. */
  readonly privateSets: readonly PrivateCollectionSet[];
}

/** Serialises a simulation's result; sets are in the order of raw bytes [rwsetutil/rwset_proto_util.go]. */
export function encodeReadWriteSet(set: ReadWriteSet): EncodedReadWriteSet {
  const privateSets: PrivateCollectionSet[] = [];
  const publicSet = encodeMessage((writer) => {
    for (const [name, namespace] of inKeyOrder(set.namespaces)) {
      writer.message(2, (element) => {
        writeNamespace(element, name, namespace, privateSets);
      });
    }
  });
  return { publicSet, privateSets };
}

/** Serialises rwset.TxPvtReadWriteSet of collections that are in order. */
export function encodePrivateSets(sets: readonly PrivateCollectionSet[]): Buffer {
  const byNamespace = Map.groupBy(sets, (set) => set.namespace);
  return encodeMessage((writer) => {
    for (const [namespace, collections] of byNamespace) {
      writer.message(2, (element) => {
        element.bytes(1, namespace);
        for (const { collection, rwset } of collections) {
          element.message(2, (inner) => {
            inner.bytes(1, collection);
            inner.bytes(2, rwset);
          });
        }
      });
    }
  });
}

function writeNamespace(
  writer: ProtoWriter,
  name: string,
  namespace: NamespaceSet,
  privateSets: PrivateCollectionSet[],
): void {
  writer.bytes(1, name);
  writer.bytes(2, encodePublicPart(namespace));
  for (const [collection, hashed] of inKeyOrder(namespace.collections)) {
    writer.message(3, (element) => {
      element.bytes(1, collection);
      element.bytes(2, encodeHashedPart(hashed));
      if (hashed.hasPrivateWrites) {
        const rwset = encodePrivatePart(hashed);
        privateSets.push({ namespace: name, collection, rwset });
        element.bytes(3, sha256(rwset));
      }
    });
  }
}

function encodePublicPart(namespace: NamespaceSet): Buffer {
  return encodeMessage((writer) => {
    for (const [key, version] of inKeyOrder(namespace.reads)) {
      writer.message(1, (element) => {
        writeKeyRead(element, { key, version });
      });
    }
    for (const info of namespace.rangeQueriesInfo) {
      writer.message(2, (element) => {
        writeRangeQuery(element, info);
      });
    }
    for (const [key, value] of inKeyOrder(namespace.writes)) {
      writer.message(3, (element) => {
        writeKeyWrite(element, key, value);
      });
    }
    for (const [key, entries] of inKeyOrder(namespace.metadataWrites)) {
      writer.message(4, (element) => {
        element.bytes(1, key);
        writeMetadataEntries(element, entries);
      });
    }
  });
}

function encodeHashedPart(collection: CollectionSet): Buffer {
  return encodeMessage((writer) => {
    for (const [, read] of inKeyOrder(collection.reads)) {
      writer.message(1, (element) => {
        element.bytes(1, read.keyHash);
        writeVersion(element, 2, read.version);
      });
    }
    for (const [, write] of inKeyOrder(collection.writes)) {
      writer.message(2, (element) => {
        element.bytes(1, write.keyHash);
        element.bool(2, write.value === undefined);
        element.bytes(3, write.value === undefined ? undefined : sha256(write.value));
        element.bool(4, write.isPurge);
      });
    }
    for (const [key, entries] of inKeyOrder(collection.metadataWrites)) {
      writer.message(3, (element) => {
        element.bytes(1, collection.keyHash(key));
        writeMetadataEntries(element, entries);
      });
    }
  });
}

/** Members need only the keys of metadata writes: the metadata itself stands with the hashes. */
function encodePrivatePart(collection: CollectionSet): Buffer {
  return encodeMessage((writer) => {
    for (const [key, write] of inKeyOrder(collection.writes)) {
      writer.message(3, (element) => {
        writeKeyWrite(element, key, write.value);
      });
    }
    for (const [key] of inKeyOrder(collection.metadataWrites)) {
      writer.message(4, (element) => {
        element.bytes(1, key);
      });
    }
  });
}

function writeKeyWrite(writer: ProtoWriter, key: string, value: Write): void {
  writer.bytes(1, key);
  writer.bool(2, value === undefined);
  writer.bytes(3, value);
}

function writeMetadataEntries(writer: ProtoWriter, entries: MetadataEntries): void {
  for (const [name, value] of inKeyOrder(entries)) {
    writer.message(2, (element) => {
      element.bytes(1, name);
      element.bytes(2, value);
    });
  }
}

function writeRangeQuery(writer: ProtoWriter, info: RangeQueryInfo): void {
  const { reads } = info;
  writer.bytes(1, info.startKey);
  writer.bytes(2, info.endKey);
  writer.bool(3, info.exhausted);
  if (reads === undefined) {
    return;
  }
  if ('hashes' in reads) {
    writer.message(5, (summary) => {
      summary.number(1, MERKLE_MAX_DEGREE);
      summary.number(2, reads.maxLevel);
      for (const hash of reads.hashes) {
        summary.present(3, hash);
      }
    });
    return;
  }
  writer.message(4, (raw) => {
    for (const read of reads) {
      raw.message(1, (element) => {
        writeKeyRead(element, read);
      });
    }
  });
}

function inKeyOrder<Value>(map: ReadonlyMap<string, Value>): [string, Value][] {
  const entries = [...map];
  if (entries.length < 2) {
    return entries;
  }
  // Without surrogates and what lies above them, JavaScript's own order is that of the bytes, and far quicker.
  const compare = entries.some(([key]) => ABOVE_SURROGATES.test(key)) ? compareBytewise : compareUnits;
  return entries.sort(([left], [right]) => compare(left, right));
}

const ABOVE_SURROGATES = /[\uD800-\uFFFF]/;

function compareUnits(left: string, right: string): number {
  return left < right ? -1 : 1;
}
