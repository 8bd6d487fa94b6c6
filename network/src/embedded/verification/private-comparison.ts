import { sha256, type CollectionRwset } from '../../wire-format/index.js';
import type { Stores } from '../commit/committer.js';
import { checksum, type PrivateSet } from '../store/private-sets.js';
import { countRows } from './count-rows.js';
import { Mismatch } from './mismatch.js';
import type { RederivedTransaction } from './rederive.js';

/** Compares the private sets with the hashes in the blocks, and the index of clear keys with the sets. */
export class PrivateComparison {
  readonly #stores: Stores;
  #sets = 0;
  #references = 0;
  #missingRows = 0;
  readonly #expired: { readonly namespace: string; readonly collection: string; readonly block: number }[] =
    [];

  constructor(stores: Stores) {
    this.#stores = stores;
  }

  /** @param expected Number of sets that came with the block. */
  block(number: number, expected: number, transactions: readonly RederivedTransaction[]): void {
    const rows = this.#stores.privateSets.ofBlock(number);
    this.#missing(number, rows, transactions);
    if (rows.length !== expected) {
      throw new Mismatch(number, `${rows.length} of its ${expected} private write sets are there`);
    }
    for (const set of rows) {
      this.#set(number, set, transactions);
      this.#sets++;
    }
  }

  finish(): void {
    const { database, blocks, lives } = this.#stores;
    for (const { namespace, collection, block } of this.#expired) {
      if (!lives.isOver(namespace, collection, block, blocks.height)) {
        throw new Mismatch(block, 'a private write set was emptied before its time');
      }
    }
    const references = database
      .prepare(
        "SELECT coalesce(sum(length(sets) - length(replace(sets, ',', ''))), 0) AS count FROM private_keys",
      )
      .get()?.['count'];
    if (countRows(database, 'missing_sets') !== this.#missingRows) {
      throw new Mismatch(blocks.height - 1, 'private data is noted as missing that belongs to no block');
    }
    if (countRows(database, 'private_sets') !== this.#sets || references !== this.#references) {
      throw new Mismatch(blocks.height - 1, 'there are private write sets or keys that belong to no block');
    }
  }

  /** What is noted as missing has to be something that the block says exists, and that the organisation does not have. */
  #missing(number: number, sets: readonly PrivateSet[], transactions: readonly RederivedTransaction[]): void {
    for (const { space: id, version, mspId } of this.#stores.missing.ofBlock(number)) {
      const space = this.#stores.spaces.byId(id);
      const hashed = transactions[version.tx]?.namespaces
        .find(({ namespace }) => namespace === space?.namespace)
        ?.collections.find(({ collection }) => collection === space?.collection);
      const set = sets.find((each) => each.space === id && each.version.tx === version.tx);
      if (hashed?.privateRwsetHash === undefined || set?.holders.has(mspId) === true) {
        throw new Mismatch(number, 'private data is noted as missing that is not');
      }
      this.#missingRows++;
    }
  }

  #set(number: number, set: PrivateSet, transactions: readonly RederivedTransaction[]): void {
    if (!checksum(set.holders, set.condition, set.rwset).equals(set.checksum)) {
      throw new Mismatch(number, `a private write set of transaction ${set.version.tx} was altered`);
    }
    const space = this.#stores.spaces.byId(set.space);
    const hashed = transactions[set.version.tx]?.namespaces
      .find(({ namespace }) => namespace === space?.namespace)
      ?.collections.find(({ collection }) => collection === space?.collection);
    if (space === undefined || hashed === undefined || !matches(set, hashed)) {
      throw new Mismatch(
        number,
        `a private write set of transaction ${set.version.tx} does not match its hash`,
      );
    }
    if (set.condition === 'expired') this.#expired.push({ ...space, block: number });
    for (const key of set.writes.keys()) {
      const versions = this.#stores.privateSets.setsOf(space, key) ?? [];
      if (!versions.some(({ block, tx }) => block === number && tx === set.version.tx)) {
        throw new Mismatch(number, `a private key of transaction ${set.version.tx} is missing in the index`);
      }
      this.#references++;
    }
  }
}

/** A set as it was written matches its hash as a whole; after a purge, each write that is left matches its own. */
function matches(set: PrivateSet, hashed: CollectionRwset): boolean {
  if (set.condition === 'whole') return hashed.privateRwsetHash?.equals(sha256(set.rwset)) === true;
  const valueHashes = new Map(hashed.writes.map((write) => [write.keyHash.toString('latin1'), write]));
  return Array.from(set.writes.values()).every(({ key, isDelete, value }) => {
    const write = valueHashes.get(sha256(key).toString('latin1'));
    return write !== undefined && (isDelete ? write.isDelete : write.valueHash.equals(sha256(value)));
  });
}
