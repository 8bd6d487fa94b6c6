import {
  readPrivateSets,
  sha256,
  type CollectionRwset,
  type PrivateCollectionSet,
} from '../../wire-format/index.js';
import type { Definitions } from '../lifecycle/definitions.js';
import { implicitCollectionOwner } from '../lifecycle/implicit-collections.js';
import type { PeerConditions } from '../peers/conditions.js';
import type { StagedSet } from '../store/transient-store.js';
import { ValidationCode } from '../validation/codes.js';
import type { JudgedTransaction } from '../validation/validator.js';

/** A private set that belongs to a transaction and the organisations that have it at commit. */
export interface GatheredSet extends PrivateCollectionSet {
  readonly tx: number;
  readonly holders: ReadonlySet<string>;
}

/** Where a private set of the block should be and is not. */
export interface MissingSet {
  readonly tx: number;
  readonly namespace: string;
  readonly collection: string;
  /** MSP id of a member whose peer goes on without it. */
  readonly mspId: string;
}

/** What the peers have of a block's private data when they commit it. */
export interface Gathered {
  readonly sets: readonly GatheredSet[];
  readonly missing: readonly MissingSet[];
  /** By MSP id: milliseconds that a peer holds the block up for data that it has not got. */
  readonly waits: ReadonlyMap<string, number>;
}

export interface GatheringParts {
  readonly definitions: Definitions;
  /** The private sets staged for a transaction. */
  readonly staged: (txId: string) => readonly StagedSet[];
  readonly conditions: (mspId: string) => PeerConditions;
  /** Milliseconds after which a peer goes on without data that it does not get. */
  readonly patienceMs: number;
}

/**
 * Finds the private sets of a block in the transient stores, as the peers' gossip does at commit: a member takes it
 * from its own store or from another member's; what does not match the hash in the block counts as missing. Sets of
 * invalid transactions are kept too, but not waited for: this project's peers skip that
 * (skipPullingInvalidTransactionsDuringCommit) [gossip/privdata/coordinator.go, pull.go].
 */
export class PrivateGathering {
  readonly #parts: GatheringParts;

  constructor(parts: GatheringParts) {
    this.#parts = parts;
  }

  gather(transactions: readonly JudgedTransaction[]): Gathered {
    const sets: GatheredSet[] = [];
    const missing: MissingSet[] = [];
    const waits = new Map<string, number>();
    for (const { index: tx, txId, code, namespaces } of transactions) {
      const expected = namespaces.flatMap(({ namespace, collections }) =>
        collections.flatMap((collection) => expectedSet(namespace, collection)),
      );
      if (expected.length === 0) continue;
      const staged = this.#parts.staged(txId).map(({ privateSet, mspIds }) => ({
        mspIds,
        sets: readPrivateSets(privateSet),
      }));
      for (const { namespace, collection, hash } of expected) {
        const members = this.#members(namespace, collection);
        const found = staged.flatMap(({ mspIds, sets: candidates }) =>
          candidates
            .filter((each) => each.namespace === namespace && each.collection === collection)
            .filter(({ rwset }) => sha256(rwset).equals(hash))
            .map((set) => ({ set, at: [...mspIds].filter((mspId) => members.has(mspId)) })),
        );
        const had = new Set(found.flatMap(({ at }) => at));
        const set = found.find(({ at }) => at.length > 0)?.set;
        const holders = new Set<string>();
        for (const mspId of members) {
          const delay = had.has(mspId) ? 0 : this.#delay(mspId, set !== undefined);
          const patience = isFetched(code) ? this.#parts.patienceMs : 0;
          const wait = Math.min(delay, patience);
          if (wait > 0) waits.set(mspId, Math.max(wait, waits.get(mspId) ?? 0));
          if (delay <= patience) holders.add(mspId);
          else missing.push({ tx, namespace, collection, mspId });
        }
        if (set !== undefined && holders.size > 0) sets.push({ ...set, tx, holders });
      }
    }
    return { sets, missing, waits };
  }

  /** Milliseconds until a member has fetched a set that it was not given. */
  #delay(mspId: string, isThere: boolean): number {
    const { privateDataDelayMs } = this.#parts.conditions(mspId);
    return isThere && privateDataDelayMs !== 'never' ? privateDataDelayMs : Infinity;
  }

  #members(namespace: string, collection: string): ReadonlySet<string> {
    const definition = this.#parts.definitions.atTip(namespace);
    const explicit = definition?.collections.find(({ name }) => name === collection);
    if (explicit !== undefined) return new Set(explicit.memberMspIds);
    const owner = implicitCollectionOwner(collection);
    return new Set(owner === undefined ? [] : [owner]);
  }
}

/** Peers look for private data before they look for conflicts between transactions. */
function isFetched(code: number): boolean {
  return (
    code === ValidationCode.VALID ||
    code === ValidationCode.MVCC_READ_CONFLICT ||
    code === ValidationCode.PHANTOM_READ_CONFLICT
  );
}

function expectedSet(
  namespace: string,
  { collection, privateRwsetHash }: CollectionRwset,
): { namespace: string; collection: string; hash: Buffer }[] {
  return privateRwsetHash === undefined ? [] : [{ namespace, collection, hash: privateRwsetHash }];
}
