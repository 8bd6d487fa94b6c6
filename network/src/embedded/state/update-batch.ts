import type { HashedEntry, StateEntry } from './entries.js';
import type { Version } from '../ports.js';

/** What a block leaves of a key: a new entry, or nothing (deleted), at a version. */
export interface Update<E> {
  readonly entry: E | undefined;
  readonly version: Version;
}

export interface NamespaceUpdates {
  readonly public: Map<string, Update<StateEntry>>;
  /** By collection, then by key hash (latin1). */
  readonly collections: Map<string, Map<string, Update<HashedEntry>>>;
}

/** The net updates of one block. */
export class UpdateBatch {
  readonly namespaces = new Map<string, NamespaceUpdates>();

  public(namespace: string, key: string): Update<StateEntry> | undefined {
    return this.namespaces.get(namespace)?.public.get(key);
  }

  hashed(namespace: string, collection: string, keyHash: string): Update<HashedEntry> | undefined {
    return this.namespaces.get(namespace)?.collections.get(collection)?.get(keyHash);
  }

  setPublic(namespace: string, key: string, update: Update<StateEntry>): void {
    this.#namespace(namespace).public.set(key, update);
  }

  setHashed(namespace: string, collection: string, keyHash: string, update: Update<HashedEntry>): void {
    const { collections } = this.#namespace(namespace);
    let updates = collections.get(collection);
    if (updates === undefined) {
      updates = new Map();
      collections.set(collection, updates);
    }
    updates.set(keyHash, update);
  }

  /** A batch of its own with the same updates. */
  copy(): UpdateBatch {
    const copy = new UpdateBatch();
    for (const [namespace, { public: values, collections }] of this.namespaces) {
      copy.namespaces.set(namespace, {
        public: new Map(values),
        collections: new Map(Array.from(collections, ([name, keys]) => [name, new Map(keys)])),
      });
    }
    return copy;
  }

  #namespace(name: string): NamespaceUpdates {
    let updates = this.namespaces.get(name);
    if (updates === undefined) {
      updates = { public: new Map(), collections: new Map() };
      this.namespaces.set(name, updates);
    }
    return updates;
  }
}
