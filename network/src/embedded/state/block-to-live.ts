import { peer } from '@hyperledger/fabric-protos';
import { LIFECYCLE_NAMESPACE } from '../lifecycle/definitions.js';
import { readStateBytes } from '../lifecycle/state-data.js';
import type { Version } from '../ports.js';
import { sameVersion } from './entries.js';
import type { UpdateBatch } from './update-batch.js';

const COLLECTIONS_FIELD = /^namespaces\/fields\/(.+)\/Collections$/;

interface Key {
  readonly namespace: string;
  readonly collection: string;
  /** One byte a character. */
  readonly keyHash: string;
}

interface Due extends Key {
  /** Block that gave the key its version: a later version is due later. */
  readonly written: number;
  readonly valueVersion: Version;
}

/** What ends with a block. */
export interface Expired {
  /** The block's updates with the keys that end: what the state becomes. The commit hash is over the others alone. */
  readonly updates: UpdateBatch;
  /** Private write sets that end with it, unless a key still has its value from one of them. */
  readonly sets: readonly {
    readonly namespace: string;
    readonly collection: string;
    readonly block: number;
  }[];
}

/**
 * The keys of collections with a `blockToLive` n: what block b wrote is gone once block b+n+1 is committed, if nothing
 * was written over it [pvtstatepurgemgmt/purge_mgr.go, pvtdatapolicy/btlpolicy.go]. It follows from the blocks alone,
 * so it is kept in memory, and worked out again when the ledger is opened.
 */
export class BlocksToLive {
  readonly #lives = new Map<string, number>();
  readonly #due = new Map<number, Due[]>();
  /** The living keys, with the block of their version and where their value is. */
  readonly #living = new Map<string, { readonly written: number; readonly valueVersion: Version }>();

  /** To be called for every block from the first on. @param updates The block's own. */
  next(block: number, updates: UpdateBatch): Expired {
    const due = this.#due.get(block) ?? [];
    this.#due.delete(block);
    const over = due.filter(
      (key) =>
        this.#living.get(idOf(key))?.written === key.written &&
        updates.hashed(key.namespace, key.collection, key.keyHash) === undefined,
    );
    for (const key of over) this.#living.delete(idOf(key));
    this.#remember(block, updates);
    const sets = [
      ...due.map(({ namespace, collection, valueVersion }) => ({
        namespace,
        collection,
        block: valueVersion.block,
      })),
      ...this.#writtenAt(block),
    ];
    this.#readDefinitions(updates);
    return { sets, updates: over.length === 0 ? updates : withExpired(updates, over, block) };
  }

  /** Whether a living key has its value from a transaction. */
  isValueOf(key: Key, version: Version): boolean {
    return sameVersion(this.#living.get(idOf(key))?.valueVersion, version);
  }

  /** Whether what a block wrote to a collection is gone from the peers' private stores at a height. */
  isOver(namespace: string, collection: string, block: number, height: number): boolean {
    const life = this.#lives.get(`${namespace}\0${collection}`);
    return life !== undefined && height > block + life + 1;
  }

  #writtenAt(block: number): { namespace: string; collection: string; block: number }[] {
    return [...this.#lives].flatMap(([name, life]) => {
      const [namespace = '', collection = ''] = name.split('\0');
      const written = block - life - 1;
      return written < 1 ? [] : [{ namespace, collection, block: written }];
    });
  }

  #remember(block: number, updates: UpdateBatch): void {
    if (this.#lives.size === 0) return;
    for (const [namespace, { collections }] of updates.namespaces) {
      for (const [collection, keys] of collections) {
        const life = this.#lives.get(`${namespace}\0${collection}`);
        if (life === undefined) continue;
        for (const [keyHash, { entry }] of keys) {
          const key = { namespace, collection, keyHash };
          if (entry === undefined) {
            this.#living.delete(idOf(key));
            continue;
          }
          const { valueVersion } = entry;
          this.#living.set(idOf(key), { written: block, valueVersion });
          const at = block + life + 1;
          const others = this.#due.get(at) ?? [];
          others.push({ ...key, written: block, valueVersion });
          this.#due.set(at, others);
        }
      }
    }
  }

  /** A collection's life never changes: the lifecycle refuses a definition that would. */
  #readDefinitions(updates: UpdateBatch): void {
    for (const [key, { entry }] of updates.namespaces.get(LIFECYCLE_NAMESPACE)?.public ?? []) {
      const chaincode = COLLECTIONS_FIELD.exec(key)?.[1];
      if (chaincode === undefined || entry === undefined) continue;
      const definition = peer.CollectionConfigPackage.deserializeBinary(readStateBytes(entry.value));
      for (const config of definition.getConfigList()) {
        const collection = config.getStaticCollectionConfig();
        const life = collection?.getBlockToLive() ?? 0;
        if (collection !== undefined && life > 0) {
          this.#lives.set(`${chaincode}\0${collection.getName()}`, life);
        }
      }
    }
  }
}

function withExpired(updates: UpdateBatch, over: readonly Key[], block: number): UpdateBatch {
  const all = updates.copy();
  // Later than every transaction of the block.
  const version = { block, tx: Number.MAX_SAFE_INTEGER };
  for (const { namespace, collection, keyHash } of over) {
    all.setHashed(namespace, collection, keyHash, { entry: undefined, version });
  }
  return all;
}

function idOf({ namespace, collection, keyHash }: Key): string {
  return `${namespace}\0${collection}\0${keyHash}`;
}
