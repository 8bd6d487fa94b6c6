import type { DatabaseSync } from 'node:sqlite';
import { encodeBlock, encodeMetadata, MetadataSlot, sha256, type Block } from '../../wire-format/index.js';
import type { Version } from '../ports.js';
import type { BlocksToLive, Expired } from '../state/block-to-live.js';
import { commitHash } from '../state/commit-hash.js';
import { encodeAnnex } from '../state/previous-state.js';
import type { WorldState } from '../state/world-state.js';
import type { BlockStore } from '../store/block-store.js';
import { newPrivateSet, type PrivateSet, type PrivateSets } from '../store/private-sets.js';
import type { MissingSets } from '../store/missing-sets.js';
import type { Spaces } from '../store/spaces.js';
import { ValidationCode } from '../validation/codes.js';
import type { JudgedBlock, JudgedTransaction, Validator } from '../validation/validator.js';
import type { Gathered, GatheredSet, PrivateGathering } from './private-gathering.js';

export interface CommittedBlock {
  readonly block: Block;
  readonly transactions: readonly JudgedTransaction[];
}

/** The stores that one block changes together. */
export interface Stores {
  readonly database: DatabaseSync;
  readonly spaces: Spaces;
  readonly blocks: BlockStore;
  readonly state: WorldState;
  readonly privateSets: PrivateSets;
  readonly missing: MissingSets;
  /** What disappears with which block; it knows all blocks below the height. */
  readonly lives: BlocksToLive;
}

/** Judges a block, works out what it changes, and makes all of it durable at once, or nothing. */
export class Committer {
  readonly #stores: Stores;
  readonly #validator: Validator;
  readonly #gathering: PrivateGathering;
  #commitHash: Buffer;

  /** @param previousCommitHash Of the block at the tip; empty after the genesis block. */
  constructor(stores: Stores, validator: Validator, gathering: PrivateGathering, previousCommitHash: Buffer) {
    this.#stores = stores;
    this.#validator = validator;
    this.#gathering = gathering;
    this.#commitHash = previousCommitHash;
  }

  /** The verdict on a block, without committing it. */
  judge(blockNumber: number, transactions: readonly Buffer[]): JudgedBlock {
    return this.#validator.judge(blockNumber, transactions);
  }

  /**
   * @param ordered The block as the orderer wrote it.
   * @param onGathered Called before anything changes, with what the peers have of the block's private data.
   * @throws Error of the database, in which case nothing was changed.
   */
  commit(ordered: Block, onGathered: (gathered: Gathered) => void): CommittedBlock {
    const { number } = ordered.header;
    const judged = this.judge(number, ordered.transactions);
    const filter = Buffer.from(judged.transactions.map(({ code }) => code));
    const hash = commitHash(filter, judged.updates, this.#commitHash);
    const metadata = ordered.metadata.slice();
    metadata[MetadataSlot.TRANSACTIONS_FILTER] = filter;
    metadata[MetadataSlot.COMMIT_HASH] = encodeMetadata(hash);
    const block = { ...ordered, metadata };
    const expired = this.#stores.lives.next(number, judged.updates);
    const gathered = this.#gathering.gather(judged.transactions);
    onGathered(gathered);
    this.#persist(block, judged, expired, gathered);
    this.#commitHash = hash;
    return { block, transactions: judged.transactions };
  }

  #persist(block: Block, judged: JudgedBlock, expired: Expired, { sets: gathered, missing }: Gathered): void {
    const { database, blocks, state, privateSets } = this.#stores;
    const { number } = block.header;
    const bytes = encodeBlock(block);
    let purged = false;
    const sets: PrivateSet[] = [];
    database.exec('BEGIN IMMEDIATE');
    const undo = (() => {
      try {
        const before = state.before(expired.updates);
        blocks.write(number, bytes, encodeAnnex({ privateSets: gathered.length, kept: judged.kept }));
        for (const { txId, index, code } of judged.transactions) {
          if (txId !== '') blocks.writeTransaction(txId, number, index, code);
        }
        state.write(expired.updates);
        this.#writeHistory(number, judged.transactions);
        for (const { namespace, collection, tx, holders, rwset } of gathered) {
          const space = this.#stores.spaces.ensure(namespace, collection);
          const set = newPrivateSet(space.id, { block: number, tx }, holders, rwset);
          privateSets.write(set);
          sets.push(set);
        }
        for (const { namespace, collection, tx, mspId } of missing) {
          const space = this.#stores.spaces.ensure(namespace, collection).id;
          this.#stores.missing.write({ space, version: { block: number, tx }, mspId });
        }
        purged = this.#purge(number, judged.transactions, gathered);
        this.#expire(expired);
        database.exec('COMMIT');
        return before;
      } catch (error) {
        if (database.isTransaction) database.exec('ROLLBACK');
        throw error;
      }
    })();
    blocks.advance(number, bytes);
    state.advance(expired.updates, undo);
    if (purged) privateSets.scrub();
    else for (const set of sets) privateSets.advance(set);
  }

  /** Empties the private sets whose time is over [pvtdatastorage/store.go: purgeExpiredData]. */
  #expire({ sets }: Expired): void {
    const { spaces, privateSets, lives } = this.#stores;
    for (const { namespace, collection, block } of sets) {
      const space = spaces.find(namespace, collection);
      if (space === undefined) continue;
      for (const set of privateSets.writtenAt(space, block)) {
        const isNeeded = Array.from(set.writes.keys()).some((key) =>
          lives.isValueOf({ namespace, collection, keyHash: sha256(key).toString('latin1') }, set.version),
        );
        if (set.condition !== 'expired' && !isNeeded) privateSets.expire(space, set);
      }
    }
  }

  #writeHistory(block: number, transactions: readonly JudgedTransaction[]): void {
    for (const { index, code, namespaces } of transactions) {
      if (code !== ValidationCode.VALID) continue;
      for (const { namespace, public: publicSet } of namespaces) {
        const keys = new Set(publicSet.writes.map(({ key }) => key));
        if (keys.size === 0) continue;
        const space = this.#stores.spaces.ensure(namespace, '');
        for (const key of keys) this.#stores.blocks.writeHistory(space, key, { block, tx: index });
      }
    }
  }

  /** Takes purged keys out of everything that was kept before [pvtdatastorage: purge markers]. */
  #purge(
    block: number,
    transactions: readonly JudgedTransaction[],
    gathered: readonly GatheredSet[],
  ): boolean {
    let purged = false;
    for (const { index, code, namespaces } of transactions) {
      if (code !== ValidationCode.VALID) continue;
      for (const { namespace, collections } of namespaces) {
        for (const { collection, writes } of collections) {
          for (const { keyHash, isPurge } of writes) {
            if (!isPurge) continue;
            this.#purgeKey(namespace, collection, keyHash, { block, tx: index }, gathered);
            purged = true;
          }
        }
      }
    }
    return purged;
  }

  #purgeKey(
    namespace: string,
    collection: string,
    keyHash: Buffer,
    version: Version,
    gathered: readonly GatheredSet[],
  ): void {
    const space = this.#stores.spaces.ensure(namespace, collection);
    const own = gathered.find(
      (set) => set.tx === version.tx && set.namespace === namespace && set.collection === collection,
    );
    const { privateSets } = this.#stores;
    const candidates =
      own === undefined
        ? privateSets.allKeys(space)
        : newPrivateSet(space.id, version, own.holders, own.rwset).writes.keys();
    for (const key of candidates) {
      if (sha256(key).equals(keyHash)) privateSets.purge(space, key, version);
    }
  }
}
