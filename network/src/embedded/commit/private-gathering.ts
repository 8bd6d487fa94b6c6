import { readPrivateSets, sha256, type PrivateCollectionSet } from '../../wire-format/index.js';
import type { Definitions } from '../lifecycle/definitions.js';
import { implicitCollectionOwner } from '../lifecycle/implicit-collections.js';
import type { StagedSet } from '../store/transient-store.js';
import type { JudgedTransaction } from '../validation/validator.js';

/** A private set that belongs to a transaction and the organisations that get it. */
export interface GatheredSet extends PrivateCollectionSet {
  readonly tx: number;
  readonly holders: ReadonlySet<string>;
}

/**
 * Finds the private sets of a block in the transient stores, as the peers' gossip does at commit: a member takes it
 * from its own store or from another member's, never from a non-member; what does not match the hash in the block
 * counts as missing. Sets of invalid transactions are kept too [gossip/privdata/coordinator.go].
 */
export class PrivateGathering {
  readonly #definitions: Definitions;
  readonly #staged: (txId: string) => readonly StagedSet[];

  /** @param staged The private sets staged for a transaction. */
  constructor(definitions: Definitions, staged: (txId: string) => readonly StagedSet[]) {
    this.#definitions = definitions;
    this.#staged = staged;
  }

  gather(transactions: readonly JudgedTransaction[]): GatheredSet[] {
    return transactions.flatMap((transaction) => this.#ofTransaction(transaction));
  }

  #ofTransaction({ index, txId, namespaces }: JudgedTransaction): GatheredSet[] {
    const expected = namespaces.flatMap(({ namespace, collections }) =>
      collections.flatMap(({ collection, privateRwsetHash }) =>
        privateRwsetHash === undefined ? [] : [{ namespace, collection, hash: privateRwsetHash }],
      ),
    );
    if (expected.length === 0) return [];
    const staged = this.#staged(txId).map(({ privateSet, mspIds }) => ({
      mspIds,
      sets: readPrivateSets(privateSet),
    }));
    return expected.flatMap(({ namespace, collection, hash }) => {
      const members = this.#members(namespace, collection);
      for (const { mspIds, sets } of staged) {
        if (![...mspIds].some((mspId) => members.has(mspId))) continue;
        const set = sets.find(
          (candidate) => candidate.namespace === namespace && candidate.collection === collection,
        );
        if (set !== undefined && sha256(set.rwset).equals(hash))
          return [{ ...set, tx: index, holders: members }];
      }
      return [];
    });
  }

  #members(namespace: string, collection: string): ReadonlySet<string> {
    const definition = this.#definitions.atTip(namespace);
    const explicit = definition?.collections.find(({ name }) => name === collection);
    if (explicit !== undefined) return new Set(explicit.memberMspIds);
    const owner = implicitCollectionOwner(collection);
    return new Set(owner === undefined ? [] : [owner]);
  }
}
