import { sha256 } from './hash.js';
import { len, merged, ProtoReader, varint } from './proto-reader.js';

export interface RwsetVersion {
  readonly block: number;
  readonly tx: number;
}

export interface KvRead {
  readonly key: string;
  /** Absent = the key did not exist. */
  readonly version: RwsetVersion | undefined;
}

export interface KvWrite {
  readonly key: string;
  readonly isDelete: boolean;
  readonly value: Buffer;
}

export interface MetadataEntry {
  readonly name: string;
  readonly value: Buffer;
}

export interface MetadataWrite {
  readonly key: string;
  readonly entries: readonly MetadataEntry[];
}

export interface MerkleSummary {
  readonly maxDegree: number;
  readonly maxLevel: number;
  readonly maxLevelHashes: readonly Buffer[];
}

export interface RangeQueryInfo {
  readonly startKey: string;
  readonly endKey: string;
  readonly itrExhausted: boolean;
  readonly rawReads: readonly KvRead[];
  readonly merkle: MerkleSummary | undefined;
}

export interface KvRwset {
  readonly reads: readonly KvRead[];
  readonly rangeQueries: readonly RangeQueryInfo[];
  readonly writes: readonly KvWrite[];
  readonly metadataWrites: readonly MetadataWrite[];
}

export interface HashedRead {
  readonly keyHash: Buffer;
  readonly version: RwsetVersion | undefined;
}

export interface HashedWrite {
  readonly keyHash: Buffer;
  readonly isDelete: boolean;
  readonly valueHash: Buffer;
  readonly isPurge: boolean;
}

export interface HashedMetadataWrite {
  readonly keyHash: Buffer;
  readonly entries: readonly MetadataEntry[];
}

export interface CollectionRwset {
  readonly collection: string;
  readonly reads: readonly HashedRead[];
  readonly writes: readonly HashedWrite[];
  readonly metadataWrites: readonly HashedMetadataWrite[];
  /** SHA-256 of the private write set; absent when the collection was only read. */
  readonly privateRwsetHash: Buffer | undefined;
}

export interface NamespaceRwset {
  readonly namespace: string;
  readonly public: KvRwset;
  readonly collections: readonly CollectionRwset[];
}

const EMPTY: Buffer = Buffer.alloc(0);
const HASH_OF_EMPTY = sha256(EMPTY);
const NO_VERSION: RwsetVersion = { block: 0, tx: 0 };

/** rwset.TxReadWriteSet, read through to the single reads and writes. */
export function readTxRwset(bytes: Uint8Array): NamespaceRwset[] {
  const reader = new ProtoReader(bytes);
  const namespaces: NamespaceRwset[] = [];
  for (let tag = reader.next(); tag !== 0; tag = reader.next()) {
    if (tag === len(2)) namespaces.push(readNamespace(reader.bytes()));
    else reader.skip(tag);
  }
  return namespaces;
}

function readNamespace(bytes: Buffer): NamespaceRwset {
  const reader = new ProtoReader(bytes);
  let namespace = '';
  let rwset = EMPTY;
  const collections: CollectionRwset[] = [];
  for (let tag = reader.next(); tag !== 0; tag = reader.next()) {
    if (tag === len(1)) namespace = reader.string();
    else if (tag === len(2)) rwset = reader.bytes();
    else if (tag === len(3)) collections.push(readCollection(reader.bytes()));
    else reader.skip(tag);
  }
  return { namespace, public: readKvRwset(rwset), collections };
}

/** kvrwset.KVRWSet */
export function readKvRwset(bytes: Uint8Array): KvRwset {
  const reader = new ProtoReader(bytes);
  const reads: KvRead[] = [];
  const rangeQueries: RangeQueryInfo[] = [];
  const writes: KvWrite[] = [];
  const metadataWrites: MetadataWrite[] = [];
  for (let tag = reader.next(); tag !== 0; tag = reader.next()) {
    if (tag === len(1)) reads.push(readKvRead(reader.bytes()));
    else if (tag === len(2)) rangeQueries.push(readRangeQuery(reader.bytes()));
    else if (tag === len(3)) writes.push(readKvWrite(reader.bytes()));
    else if (tag === len(4)) metadataWrites.push(readMetadataWrite(reader.bytes()));
    else reader.skip(tag);
  }
  return { reads, rangeQueries, writes, metadataWrites };
}

function readKvRead(bytes: Buffer): KvRead {
  const reader = new ProtoReader(bytes);
  let key = '';
  let version: RwsetVersion | undefined;
  for (let tag = reader.next(); tag !== 0; tag = reader.next()) {
    if (tag === len(1)) key = reader.string();
    else if (tag === len(2)) version = readVersion(reader.bytes(), version);
    else reader.skip(tag);
  }
  return { key, version };
}

function readVersion(bytes: Buffer, previous: RwsetVersion | undefined): RwsetVersion {
  const reader = new ProtoReader(bytes);
  let { block, tx } = previous ?? NO_VERSION;
  for (let tag = reader.next(); tag !== 0; tag = reader.next()) {
    if (tag === varint(1)) block = reader.number();
    else if (tag === varint(2)) tx = reader.number();
    else reader.skip(tag);
  }
  return { block, tx };
}

function readKvWrite(bytes: Buffer): KvWrite {
  const reader = new ProtoReader(bytes);
  let key = '';
  let isDelete = false;
  let value = EMPTY;
  for (let tag = reader.next(); tag !== 0; tag = reader.next()) {
    if (tag === len(1)) key = reader.string();
    else if (tag === varint(2)) isDelete = reader.bool();
    else if (tag === len(3)) value = reader.bytes();
    else reader.skip(tag);
  }
  // An empty value is a delete [core/ledger/kvledger/txmgmt/rwsetutil: IsKVWriteDelete].
  return { key, isDelete: isDelete || value.length === 0, value };
}

function readMetadataWrite(bytes: Buffer): MetadataWrite {
  const reader = new ProtoReader(bytes);
  let key = '';
  const entries: MetadataEntry[] = [];
  for (let tag = reader.next(); tag !== 0; tag = reader.next()) {
    if (tag === len(1)) key = reader.string();
    else if (tag === len(2)) entries.push(readMetadataEntry(reader.bytes()));
    else reader.skip(tag);
  }
  return { key, entries };
}

function readMetadataEntry(bytes: Buffer): MetadataEntry {
  const reader = new ProtoReader(bytes);
  let name = '';
  let value = EMPTY;
  for (let tag = reader.next(); tag !== 0; tag = reader.next()) {
    if (tag === len(1)) name = reader.string();
    else if (tag === len(2)) value = reader.bytes();
    else reader.skip(tag);
  }
  return { name, value };
}

function readRangeQuery(bytes: Buffer): RangeQueryInfo {
  const reader = new ProtoReader(bytes);
  let startKey = '';
  let endKey = '';
  let itrExhausted = false;
  let rawReads: KvRead[] = [];
  let merkle: MerkleSummary | undefined;
  for (let tag = reader.next(); tag !== 0; tag = reader.next()) {
    if (tag === len(1)) startKey = reader.string();
    else if (tag === len(2)) endKey = reader.string();
    else if (tag === varint(3)) itrExhausted = reader.bool();
    else if (tag === len(4)) {
      rawReads = readKvRwset(reader.bytes()).reads.slice();
      merkle = undefined;
    } else if (tag === len(5)) {
      merkle = readMerkleSummary(reader.bytes());
      rawReads = [];
    } else reader.skip(tag);
  }
  return { startKey, endKey, itrExhausted, rawReads, merkle };
}

function readMerkleSummary(bytes: Buffer): MerkleSummary {
  const reader = new ProtoReader(bytes);
  let maxDegree = 0;
  let maxLevel = 0;
  const maxLevelHashes: Buffer[] = [];
  for (let tag = reader.next(); tag !== 0; tag = reader.next()) {
    if (tag === varint(1)) maxDegree = reader.number();
    else if (tag === varint(2)) maxLevel = reader.number();
    else if (tag === len(3)) maxLevelHashes.push(reader.bytes());
    else reader.skip(tag);
  }
  return { maxDegree, maxLevel, maxLevelHashes };
}

function readCollection(bytes: Buffer): CollectionRwset {
  const reader = new ProtoReader(bytes);
  let collection = '';
  let hashedRwset = EMPTY;
  let privateRwsetHash: Buffer | undefined;
  for (let tag = reader.next(); tag !== 0; tag = reader.next()) {
    if (tag === len(1)) collection = reader.string();
    else if (tag === len(2)) hashedRwset = reader.bytes();
    else if (tag === len(3)) privateRwsetHash = reader.bytes();
    else reader.skip(tag);
  }
  if (privateRwsetHash?.length === 0) privateRwsetHash = undefined;
  return { collection, ...readHashedRwset(hashedRwset), privateRwsetHash };
}

function readHashedRwset(bytes: Buffer): Pick<CollectionRwset, 'reads' | 'writes' | 'metadataWrites'> {
  const reader = new ProtoReader(bytes);
  const reads: HashedRead[] = [];
  const writes: HashedWrite[] = [];
  const metadataWrites: HashedMetadataWrite[] = [];
  for (let tag = reader.next(); tag !== 0; tag = reader.next()) {
    if (tag === len(1)) reads.push(readHashedRead(reader.bytes()));
    else if (tag === len(2)) writes.push(readHashedWrite(reader.bytes()));
    else if (tag === len(3)) metadataWrites.push(readHashedMetadataWrite(reader.bytes()));
    else reader.skip(tag);
  }
  return { reads, writes, metadataWrites };
}

function readHashedRead(bytes: Buffer): HashedRead {
  const reader = new ProtoReader(bytes);
  let keyHash = EMPTY;
  let version: RwsetVersion | undefined;
  for (let tag = reader.next(); tag !== 0; tag = reader.next()) {
    if (tag === len(1)) keyHash = reader.bytes();
    else if (tag === len(2)) version = readVersion(reader.bytes(), version);
    else reader.skip(tag);
  }
  return { keyHash, version };
}

function readHashedWrite(bytes: Buffer): HashedWrite {
  const reader = new ProtoReader(bytes);
  let keyHash = EMPTY;
  let isDelete = false;
  let valueHash = EMPTY;
  let isPurge = false;
  for (let tag = reader.next(); tag !== 0; tag = reader.next()) {
    if (tag === len(1)) keyHash = reader.bytes();
    else if (tag === varint(2)) isDelete = reader.bool();
    else if (tag === len(3)) valueHash = reader.bytes();
    else if (tag === varint(4)) isPurge = reader.bool();
    else reader.skip(tag);
  }
  // [core/ledger/kvledger/txmgmt/rwsetutil: IsKVWriteHashDelete]
  const empty = valueHash.length === 0 || valueHash.equals(HASH_OF_EMPTY);
  return { keyHash, isDelete: isDelete || empty, valueHash, isPurge };
}

function readHashedMetadataWrite(bytes: Buffer): HashedMetadataWrite {
  const reader = new ProtoReader(bytes);
  let keyHash = EMPTY;
  const entries: MetadataEntry[] = [];
  for (let tag = reader.next(); tag !== 0; tag = reader.next()) {
    if (tag === len(1)) keyHash = reader.bytes();
    else if (tag === len(2)) entries.push(readMetadataEntry(reader.bytes()));
    else reader.skip(tag);
  }
  return { keyHash, entries };
}

export interface PrivateCollectionSet {
  readonly namespace: string;
  readonly collection: string;
  /** Serialised kvrwset.KVRWSet, the bytes that pvt_rwset_hash is over. */
  readonly rwset: Buffer;
}

/** rwset.TxPvtReadWriteSet as the list of its collections' sets. */
export function readPrivateSets(bytes: Uint8Array): PrivateCollectionSet[] {
  const reader = new ProtoReader(bytes);
  const sets: PrivateCollectionSet[] = [];
  for (let tag = reader.next(); tag !== 0; tag = reader.next()) {
    if (tag === len(2)) readPrivateNamespace(reader.bytes(), sets);
    else reader.skip(tag);
  }
  return sets;
}

function readPrivateNamespace(bytes: Buffer, into: PrivateCollectionSet[]): void {
  const reader = new ProtoReader(bytes);
  let namespace = '';
  const collections: Buffer[] = [];
  for (let tag = reader.next(); tag !== 0; tag = reader.next()) {
    if (tag === len(1)) namespace = reader.string();
    else if (tag === len(2)) collections.push(reader.bytes());
    else reader.skip(tag);
  }
  for (const entry of collections) {
    const inner = new ProtoReader(entry);
    let collection = '';
    let rwset: Buffer | undefined;
    for (let tag = inner.next(); tag !== 0; tag = inner.next()) {
      if (tag === len(1)) collection = inner.string();
      else if (tag === len(2)) rwset = merged(undefined, inner.bytes());
      else inner.skip(tag);
    }
    into.push({ namespace, collection, rwset: rwset ?? EMPTY });
  }
}
