import { sha256, type Timestamp } from '../../wire-format/index.js';
import type { HashedValue, Snapshot, StateValue } from '../ports.js';
import type { Stores } from '../commit/committer.js';
import { compareBytewise } from './byte-order.js';
import type { HashedEntry } from './entries.js';
import { readModification } from './modification.js';

const KEY_CHUNK = 128;

/** The ledger frozen at the height at which this was made, until it is released. */
export class LedgerSnapshot implements Snapshot {
  readonly height: number;
  readonly #stores: Stores;
  #isOpen = true;

  /** @param height Earlier than the present one only where that is frozen already. */
  constructor(stores: Stores, height?: number) {
    this.#stores = stores;
    this.height = height === undefined ? stores.state.freeze() : stores.state.hold(height);
  }

  getState(namespace: string, key: string): StateValue | undefined {
    return this.#open().state.getStateAt(this.height, namespace, key);
  }

  range(namespace: string, start: string, end: string): IterableIterator<{ key: string } & StateValue> {
    return this.#open().state.rangeAt(this.height, namespace, start, end);
  }

  getHashed(namespace: string, collection: string, keyHash: Buffer): HashedValue | undefined {
    return this.#hashed(namespace, collection, keyHash);
  }

  getPrivate(mspId: string, namespace: string, collection: string, key: string): StateValue | undefined {
    const entry = this.#hashed(namespace, collection, sha256(key));
    const space = this.#stores.spaces.find(namespace, collection);
    if (entry === undefined || space === undefined) return undefined;
    const set = this.#stores.privateSets.read(space, entry.valueVersion);
    const write = set?.holders.has(mspId) === true ? set.writes.get(key) : undefined;
    if (write === undefined || write.isDelete) return undefined;
    const { version, metadata } = entry;
    return metadata === undefined
      ? { value: write.value, version }
      : { value: write.value, version, metadata };
  }

  *privateRange(
    mspId: string,
    namespace: string,
    collection: string,
    start: string,
    end: string,
  ): Generator<{ key: string } & StateValue, undefined> {
    const space = this.#open().spaces.find(namespace, collection);
    if (space === undefined) return;
    let from = start;
    for (;;) {
      const keys = this.#open().privateSets.keys(space, from, KEY_CHUNK);
      for (const key of keys) {
        if (end !== '' && compareBytewise(key, end) >= 0) return;
        const value = this.getPrivate(mspId, namespace, collection, key);
        if (value !== undefined) yield { key, ...value };
      }
      const last = keys.at(-1);
      if (last === undefined || keys.length < KEY_CHUNK) return;
      from = `${last}\0`;
    }
  }

  *history(
    namespace: string,
    key: string,
  ): Generator<{ txId: string; value: Buffer; timestamp: Timestamp; isDelete: boolean }, undefined> {
    const space = this.#open().spaces.find(namespace, '');
    if (space === undefined) return;
    for (const version of this.#stores.blocks.history(space, key, this.height)) {
      const modification = readModification(this.#stores.blocks, version, namespace, key);
      if (modification !== undefined) yield modification;
    }
  }

  release(): void {
    if (!this.#isOpen) return;
    this.#isOpen = false;
    this.#stores.state.release(this.height);
  }

  #hashed(namespace: string, collection: string, keyHash: Buffer): HashedEntry | undefined {
    return this.#open().state.getHashedAt(this.height, namespace, collection, keyHash.toString('latin1'));
  }

  #open(): Stores {
    if (!this.#isOpen) throw new Error('the snapshot was released');
    return this.#stores;
  }
}
