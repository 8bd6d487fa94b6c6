import { sha256 } from '../../wire-format/index.js';
import type { Version } from '../ports.js';
import { TwoGenerationCache } from '../store/two-generation-cache.js';
import type { RangeQueryInfo } from './range-query-info.js';

/** Every endorser of a transaction hashes the same keys, at reading and again at writing. */
const KEY_HASHES = new TwoGenerationCache<Buffer>(8192);

/** A value of `undefined` is a delete. */
export type Write = Buffer | undefined;

export interface HashedRead {
  readonly keyHash: Buffer;
  readonly version: Version | undefined;
}

export interface HashedWrite {
  readonly keyHash: Buffer;
  readonly value: Write;
  readonly isPurge: boolean;
}

export type MetadataEntries = ReadonlyMap<string, Buffer>;

/** What one transaction did in one collection. All maps are by clear key, which also orders the hashed lists. */
export class CollectionSet {
  readonly reads = new Map<string, HashedRead>();
  readonly writes = new Map<string, HashedWrite>();
  readonly metadataWrites = new Map<string, MetadataEntries>();

  keyHash(key: string): Buffer {
    let found = KEY_HASHES.get(key);
    if (found === undefined) {
      found = sha256(key);
      KEY_HASHES.set(key, found);
    }
    return found;
  }

  get hasPrivateWrites(): boolean {
    return this.writes.size > 0 || this.metadataWrites.size > 0;
  }
}

/** What one transaction did in one namespace. */
export class NamespaceSet {
  readonly reads = new Map<string, Version | undefined>();
  readonly writes = new Map<string, Write>();
  readonly metadataWrites = new Map<string, MetadataEntries>();
  readonly collections = new Map<string, CollectionSet>();
  private readonly rangeQueries = new Map<string, RangeQueryInfo>();

  collection(name: string): CollectionSet {
    let found = this.collections.get(name);
    if (found === undefined) {
      found = new CollectionSet();
      this.collections.set(name, found);
    }
    return found;
  }

  /** Infos of equal start, end and exhaustion are stored once; the first one stays. */
  addRangeQuery(info: RangeQueryInfo): void {
    const key = JSON.stringify([info.startKey, info.endKey, info.exhausted]);
    if (!this.rangeQueries.has(key)) {
      this.rangeQueries.set(key, info);
    }
  }

  get rangeQueriesInfo(): Iterable<RangeQueryInfo> {
    return this.rangeQueries.values();
  }
}

/** Collects the reads and writes of one simulation [rwsetutil/rwset_builder.go]. */
export class ReadWriteSet {
  readonly namespaces = new Map<string, NamespaceSet>();

  /** A namespace appears as soon as anything in it was touched. */
  namespace(name: string): NamespaceSet {
    let found = this.namespaces.get(name);
    if (found === undefined) {
      found = new NamespaceSet();
      this.namespaces.set(name, found);
    }
    return found;
  }
}
