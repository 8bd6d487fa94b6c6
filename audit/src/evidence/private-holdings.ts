import type { DeliveredTransaction } from '../history/delivered-block.js';
import type { KeyWrite } from '../write-sets.js';
import { readPrivateSet } from './private-sets.js';
import { EvidenceRefused } from './refusal.js';

const VALID = 0;

/**
 * Holds the private values of a bundle against its blocks, both ways: for each value there is a hash, and for each
 * hash a value, unless that key was deleted or purged later, which anybody can see. Whether the value is the one that
 * was hashed is for the replay.
 */
export class PrivateHoldings {
  readonly #collections: ReadonlySet<string>;
  /** Keys without value by collection and hash, with the place that wrote them last. */
  readonly #missing = new Map<string, { block: number; transaction: number }[]>();
  /** Number of values that are rightly not there. */
  gone = 0;

  constructor(
    private readonly chaincode: string,
    collections: readonly string[],
  ) {
    this.#collections = new Set(collections);
  }

  /**
   * The transaction with its private values.
   * @throws EvidenceRefused `private-value`
   */
  take(block: number, transaction: DeliveredTransaction, set: Buffer | undefined): DeliveredTransaction {
    const place = { block, transaction: transaction.index };
    const refuse = (what: string): EvidenceRefused => new EvidenceRefused('private-value', place, what);
    if (set !== undefined && transaction.code !== VALID)
      throw refuse('a transaction that is not valid has no values');
    const values = set === undefined ? [] : readPrivateSet(set);
    if (values === undefined) throw refuse('its private set is not in its one encoding');

    const hashes = new Map(
      transaction.writes
        .filter(
          ({ namespace, collection }) => namespace === this.chaincode && this.#collections.has(collection),
        )
        .map((write): [string, KeyWrite] => [`${write.collection}\0${write.key}`, write]),
    );
    const met = new Set<string>();
    for (const { namespace, collection, keyHash } of values) {
      const name = `${collection}\0${keyHash}`;
      const write = namespace === this.chaincode ? hashes.get(name) : undefined;
      if (write === undefined || write.isDelete || met.has(name))
        throw refuse('it has a private value that was not hashed');
      met.add(name);
    }
    for (const [name, { isDelete }] of hashes) {
      if (isDelete) this.#forgive(name);
      else if (!met.has(name)) this.#miss(name, place);
    }
    return { ...transaction, values };
  }

  /** @throws EvidenceRefused `private-missing` */
  finish(): void {
    const [first] = [...this.#missing.values()]
      .flat()
      .sort((a, b) => a.block - b.block || a.transaction - b.transaction);
    if (first === undefined) return;
    throw new EvidenceRefused('private-missing', first, 'a private value is not there, and was never purged');
  }

  #miss(name: string, place: { block: number; transaction: number }): void {
    const places = this.#missing.get(name);
    if (places === undefined) this.#missing.set(name, [place]);
    else places.push(place);
  }

  #forgive(name: string): void {
    this.gone += this.#missing.get(name)?.length ?? 0;
    this.#missing.delete(name);
  }
}
