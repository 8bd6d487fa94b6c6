import type {
  ChaincodeDefinition,
  CollectionDefinition,
  Ledger,
  Metadata,
  Snapshot,
  Version,
} from '../ports.js';
import { LifecycleReads } from './lifecycle-reads.js';
import { encodeReadWriteSet } from './read-write-set-encoding.js';
import type { EncodedReadWriteSet } from './read-write-set-encoding.js';
import { RangeIterator, UnrecordedIterator } from './results-iterator.js';
import type { KeyValue, ResultsIterator } from './results-iterator.js';
import { ReadWriteSet } from './read-write-set.js';
import type { MetadataEntries } from './read-write-set.js';
import { WrittenKeyPolicies } from './written-key-policies.js';

/** One modification of a key's history, newest first. */
export type HistoryEntry =
  ReturnType<Snapshot['history']> extends IterableIterator<infer Entry> ? Entry : never;

export interface SimulationResult extends EncodedReadWriteSet {
  /** Namespaces that were read or written, in no order. */
  readonly namespaces: readonly string[];
  readonly writtenKeyPolicies: WrittenKeyPolicies;
  /** Namespace → collections that were read by value. */
  readonly privateReads: ReadonlyMap<string, ReadonlySet<string>>;
}

/**
 * Runs one transaction against a frozen snapshot, as the peer of one organisation sees it, and records what it reads
 * and writes [txmgr/tx_simulator.go, txmgr/query_executor.go]. Reads never show the transaction's own writes.
 */
export class TxSimulator {
  private readonly set = new ReadWriteSet();
  private readonly lifecycle: LifecycleReads;
  private readonly ranges: RangeIterator[] = [];
  private readonly keyPolicies = new WrittenKeyPolicies();
  private readonly privateReads = new Map<string, Set<string>>();
  private wrote = false;
  private queriedPrivateData = false;
  private paginated = false;
  private released = false;

  constructor(
    private readonly mspId: string,
    private readonly txId: string,
    ledger: Ledger,
    private readonly snapshot: Snapshot,
  ) {
    this.lifecycle = new LifecycleReads(ledger, snapshot, this.set, mspId);
  }

  /** Throws when the channel has no such chaincode. */
  invokedDefinition(chaincode: string): ChaincodeDefinition {
    return this.lifecycle.invoked(chaincode);
  }

  collectionDefinition(namespace: string, collection: string): CollectionDefinition | undefined {
    return this.lifecycle.collections(namespace).get(collection);
  }

  getState(namespace: string, key: string): Buffer | undefined {
    const found = this.snapshot.getState(namespace, key);
    this.set.namespace(namespace).reads.set(key, found?.version);
    return found?.value;
  }

  setState(namespace: string, key: string, value: Buffer): void {
    this.beforeWrite();
    this.set.namespace(namespace).writes.set(key, value.length === 0 ? undefined : value);
    this.keyPolicies.add(namespace, '', key, this.snapshot.getState(namespace, key)?.metadata);
  }

  deleteState(namespace: string, key: string): void {
    this.setState(namespace, key, EMPTY);
  }

  getStateMetadata(namespace: string, key: string): Metadata | undefined {
    const found = this.snapshot.getState(namespace, key);
    this.set.namespace(namespace).reads.set(key, found?.version);
    return found?.metadata;
  }

  setStateMetadata(namespace: string, key: string, entries: MetadataEntries): void {
    this.beforeWrite();
    this.set.namespace(namespace).metadataWrites.set(key, entries);
    this.keyPolicies.add(namespace, '', key, this.snapshot.getState(namespace, key)?.metadata);
  }

  /** Throws when this peer lacks a value that the channel has. */
  getPrivateData(namespace: string, collection: string, key: string): Buffer | undefined {
    this.requireCollection(namespace, collection);
    const set = this.set.namespace(namespace).collection(collection);
    const keyHash = set.keyHash(key);
    const value = this.snapshot.getPrivate(this.mspId, namespace, collection, key);
    const hashVersion = this.snapshot.getHashed(namespace, collection, keyHash)?.version;
    if (!sameVersion(value?.version, hashVersion)) {
      throw new Error(
        'private data matching public hash version is not available. ' +
          `Public hash version = ${describe(hashVersion)}, Private data version = ${describe(value?.version)}`,
      );
    }
    set.reads.set(key, { keyHash, version: hashVersion });
    this.addPrivateRead(namespace, collection);
    return value?.value;
  }

  /**
   * Unlike a single read this does not compare with the hash: a value that this peer lacks reads as absent, and the
   * transaction cannot become valid where the channel has one.
   */
  getPrivateDataMultiple(
    namespace: string,
    collection: string,
    keys: readonly string[],
  ): (Buffer | undefined)[] {
    this.requireCollection(namespace, collection);
    const set = this.set.namespace(namespace).collection(collection);
    if (keys.length > 0) {
      this.addPrivateRead(namespace, collection);
    }
    return keys.map((key) => {
      const value = this.snapshot.getPrivate(this.mspId, namespace, collection, key);
      set.reads.set(key, { keyHash: set.keyHash(key), version: value?.version });
      return value?.value;
    });
  }

  getPrivateDataHash(namespace: string, collection: string, key: string): Buffer | undefined {
    return this.readHashed(namespace, collection, key)?.valueHash;
  }

  getPrivateDataMetadata(namespace: string, collection: string, key: string): Metadata | undefined {
    return this.readHashed(namespace, collection, key)?.metadata;
  }

  setPrivateData(namespace: string, collection: string, key: string, value: Buffer): void {
    this.writePrivate(namespace, collection, key, value, false);
  }

  deletePrivateData(namespace: string, collection: string, key: string): void {
    this.writePrivate(namespace, collection, key, EMPTY, false);
  }

  purgePrivateData(namespace: string, collection: string, key: string): void {
    this.writePrivate(namespace, collection, key, EMPTY, true);
  }

  setPrivateDataMetadata(namespace: string, collection: string, key: string, entries: MetadataEntries): void {
    this.requireCollection(namespace, collection);
    this.beforeWrite();
    const set = this.set.namespace(namespace).collection(collection);
    set.metadataWrites.set(key, entries);
    this.addHashedPolicy(namespace, collection, key, set.keyHash(key));
  }

  /** `pageSize` 0 = no limit. */
  rangeScan(namespace: string, startKey: string, endKey: string): ResultsIterator<KeyValue> {
    return this.openRange(namespace, startKey, endKey, 0);
  }

  paginatedRangeScan(
    namespace: string,
    startKey: string,
    endKey: string,
    pageSize: number,
  ): ResultsIterator<KeyValue> {
    if (this.wrote) {
      throw this.unsupported('Paginated queries are supported only in a read-only transaction');
    }
    this.paginated = true;
    return this.openRange(namespace, startKey, endKey, pageSize);
  }

  privateRangeScan(
    namespace: string,
    collection: string,
    startKey: string,
    endKey: string,
  ): ResultsIterator<KeyValue> {
    if (this.wrote) {
      throw this.unsupported('Queries on pvt data is supported only in a read-only transaction');
    }
    this.queriedPrivateData = true;
    this.requireCollection(namespace, collection);
    return new UnrecordedIterator(
      this.snapshot.privateRange(this.mspId, namespace, collection, startKey, endKey),
    );
  }

  /** Valid transactions that wrote the key, newest first; leaves no read. */
  history(namespace: string, key: string): ResultsIterator<HistoryEntry> {
    return new UnrecordedIterator(this.snapshot.history(namespace, key));
  }

  /** Ends the simulation. */
  result(): SimulationResult {
    for (const range of this.ranges) {
      this.set.namespace(range.namespace).addRangeQuery(range.info());
    }
    return {
      ...encodeReadWriteSet(this.set),
      namespaces: [...this.set.namespaces.keys()],
      writtenKeyPolicies: this.keyPolicies,
      privateReads: this.privateReads,
    };
  }

  release(): void {
    if (!this.released) {
      this.released = true;
      for (const range of this.ranges) {
        range.close();
      }
      this.snapshot.release();
    }
  }

  private addPrivateRead(namespace: string, collection: string): void {
    let collections = this.privateReads.get(namespace);
    if (collections === undefined) {
      collections = new Set();
      this.privateReads.set(namespace, collections);
    }
    collections.add(collection);
  }

  private readHashed(namespace: string, collection: string, key: string): ReturnType<Snapshot['getHashed']> {
    this.requireCollection(namespace, collection);
    const set = this.set.namespace(namespace).collection(collection);
    const keyHash = set.keyHash(key);
    const found = this.snapshot.getHashed(namespace, collection, keyHash);
    set.reads.set(key, { keyHash, version: found?.version });
    return found;
  }

  private writePrivate(
    namespace: string,
    collection: string,
    key: string,
    value: Buffer,
    isPurge: boolean,
  ): void {
    this.requireCollection(namespace, collection);
    this.beforeWrite();
    const set = this.set.namespace(namespace).collection(collection);
    const keyHash = set.keyHash(key);
    set.writes.set(key, { keyHash, value: value.length === 0 ? undefined : value, isPurge });
    this.addHashedPolicy(namespace, collection, key, keyHash);
  }

  private addHashedPolicy(namespace: string, collection: string, key: string, keyHash: Buffer): void {
    const metadata = this.snapshot.getHashed(namespace, collection, keyHash)?.metadata;
    this.keyPolicies.add(namespace, collection, key, metadata);
  }

  private openRange(namespace: string, startKey: string, endKey: string, pageSize: number): RangeIterator {
    const source = this.snapshot.range(namespace, startKey, endKey);
    const range = new RangeIterator(namespace, startKey, endKey, source, pageSize);
    this.ranges.push(range);
    return range;
  }

  private requireCollection(namespace: string, collection: string): void {
    if (this.collectionDefinition(namespace, collection) === undefined) {
      throw new Error(
        `collection [${collection}] not defined in the collection config for chaincode [${namespace}]`,
      );
    }
  }

  private beforeWrite(): void {
    if (this.queriedPrivateData) {
      throw this.unsupported('Transaction has already performed queries on pvt data. Writes are not allowed');
    }
    if (this.paginated) {
      throw this.unsupported('Transaction has already performed a paginated query. Writes are not allowed');
    }
    this.wrote = true;
  }

  private unsupported(reason: string): Error {
    return new Error(`txid [${this.txId}]: unsupported transaction. ${reason}`);
  }
}

const EMPTY = Buffer.alloc(0);

function sameVersion(left: Version | undefined, right: Version | undefined): boolean {
  return left === undefined || right === undefined
    ? left === right
    : left.block === right.block && left.tx === right.tx;
}

function describe(version: Version | undefined): string {
  return version === undefined ? '<nil>' : `{BlockNum: ${version.block}, TxNum: ${version.tx}}`;
}
