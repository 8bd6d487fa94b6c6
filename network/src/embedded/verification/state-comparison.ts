import type { Stores } from '../commit/committer.js';
import type { Version } from '../ports.js';
import { sameVersion, type HashedEntry, type StateEntry } from '../state/entries.js';
import { encodeMetadataEntries } from '../state/metadata.js';
import type { Update, UpdateBatch } from '../state/update-batch.js';
import { StateTables } from '../store/state-tables.js';
import { countRows } from './count-rows.js';
import { Mismatch } from './mismatch.js';

/**
 * Compares the world state with the updates of the blocks, as they come by. A row carries the version of the write
 * that made it: at that block it has to be that write's result; at earlier blocks it is merely newer; where it is
 * missing, a later block has to delete it. In the end every row must have been met.
 */
export class StateComparison {
  readonly #stores: Stores;
  readonly #tables: StateTables;
  /** Keys that were written and are not there, with the block that wrote them. */
  readonly #missing = new Map<string, number>();
  #stateRows = 0;
  #hashedRows = 0;

  constructor(stores: Stores) {
    this.#stores = stores;
    this.#tables = new StateTables(stores.database);
  }

  block(number: number, updates: UpdateBatch): void {
    for (const [namespace, { public: values, collections }] of updates.namespaces) {
      if (values.size > 0) {
        const space = this.#space(number, namespace, '');
        for (const [key, update] of values) {
          const row = this.#tables.getState(space, key);
          if (this.#isMet(number, `${space.id}:${key}`, update, row, sameValue)) this.#stateRows++;
        }
      }
      for (const [collection, hashes] of collections) {
        const space = this.#space(number, namespace, collection);
        for (const [keyHash, update] of hashes) {
          const row = this.#tables.getHashed(space, keyHash);
          if (this.#isMet(number, `${space.id}:${keyHash}`, update, row, sameHash)) this.#hashedRows++;
        }
      }
    }
  }

  finish(): void {
    const first = Math.min(...this.#missing.values());
    if (Number.isFinite(first)) throw new Mismatch(first, 'a key that it wrote is missing in the state');
    const rows = (table: string): number => countRows(this.#stores.database, table);
    if (rows('state') !== this.#stateRows || rows('hashed') !== this.#hashedRows) {
      throw new Mismatch(this.#stores.blocks.height - 1, 'the state holds keys that no block wrote');
    }
  }

  #space(
    number: number,
    namespace: string,
    collection: string,
  ): NonNullable<ReturnType<Stores['spaces']['find']>> {
    const space = this.#stores.spaces.find(namespace, collection);
    if (space === undefined)
      throw new Mismatch(number, 'a namespace that it wrote to is missing in the state');
    return space;
  }

  /** Whether the row is the one that this update made. */
  #isMet<E extends { readonly version: Version }>(
    number: number,
    key: string,
    update: Update<E>,
    row: E | undefined,
    same: (a: E, b: E) => boolean,
  ): boolean {
    if (update.entry === undefined) this.#missing.delete(key);
    if (row === undefined) {
      if (update.entry !== undefined) this.#missing.set(key, number);
      return false;
    }
    if (isNewer(row.version, update.version)) return false;
    if (update.entry === undefined || !sameVersion(row.version, update.version) || !same(row, update.entry)) {
      throw new Mismatch(number, 'the state of a key that it wrote is not what it wrote');
    }
    return true;
  }
}

function isNewer(a: Version, b: Version): boolean {
  return a.block > b.block || (a.block === b.block && a.tx > b.tx);
}

function sameMetadata(a: StateEntry | HashedEntry, b: StateEntry | HashedEntry): boolean {
  if (a.metadata === undefined || b.metadata === undefined) return a.metadata === b.metadata;
  return encodeMetadataEntries(a.metadata).equals(encodeMetadataEntries(b.metadata));
}

function sameValue(a: StateEntry, b: StateEntry): boolean {
  return a.value.equals(b.value) && sameMetadata(a, b);
}

function sameHash(a: HashedEntry, b: HashedEntry): boolean {
  return a.valueHash.equals(b.valueHash) && sameVersion(a.valueVersion, b.valueVersion) && sameMetadata(a, b);
}
