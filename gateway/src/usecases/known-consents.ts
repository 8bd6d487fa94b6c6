import type {
  CompiledPolicy,
  CompiledProvision,
  Criteria,
  PolicyInForce,
} from '@consent-ledger/chaincode/domain';
import {
  consentsReader,
  custodyCollection,
  withdrawalCollection,
  type Descriptor,
  type PrivateKind,
  type PrivateValue,
} from '@consent-ledger/chaincode/wire';
import type { LedgerBlock } from '../ports/ledger.js';
import type { CustodyView } from './custody-view.js';
import { Generations } from './generations.js';
import { Interning } from './interning.js';
import { hexSha256 } from './hex-hash.js';

/** Something read from the projection, with the hashes of the keys that it was read from. */
interface Known {
  readonly value: unknown;
  readonly keyHashes: readonly string[];
}

type Kind = Extract<PrivateKind, 'policies' | 'withdrawal' | 'descriptor'>;

/** What an entry takes beside what it shares with others, in characters of JSON: roughly a third of its bytes. */
const ENTRY_WEIGHT = 200;
const CONSENT_WEIGHT = 120;
const MAX_SHARED_PARTS = 20_000;

/**
 * Compiled policies and record descriptors of one custodian, ready to be asked: read from the projection once, kept in
 * memory within bounds, and forgotten when a block writes one of the keys that they were read from. So what is
 * answered always stands on the newest block that was folded.
 */
export class KnownConsents {
  readonly #custody: CustodyView;
  readonly #collections: ReadonlySet<string>;
  readonly #known: Generations<Known>;
  readonly #byKeyHash = new Map<string, string>();
  /** Blocks that were looked at: what was read while one came is not kept. */
  #blocks = 0;
  readonly #criteria = new Interning(MAX_SHARED_PARTS);
  readonly #provisions = new Interning(MAX_SHARED_PARTS);

  /** @param capacity characters of JSON that are kept, about a third of the bytes that they take */
  constructor(custody: CustodyView, capacity: number) {
    this.#custody = custody;
    this.#collections = new Set([
      custodyCollection(custody.custodian),
      withdrawalCollection(custody.custodian),
    ]);
    this.#known = new Generations(capacity, (name, { keyHashes }) => {
      this.#forgetHashes(name, keyHashes);
    });
  }

  /** Undefined for a subject that is not known. Rejects with a Refusal `event-pending` where the own peer lacks a value. */
  async consentsOf(subject: string): Promise<readonly PolicyInForce[] | undefined> {
    const name = `subject ${subject}`;
    const known = this.#known.get(name);
    if (known !== undefined) return known.value as readonly PolicyInForce[] | undefined;
    return this.#readConsents(name, subject);
  }

  /** Undefined for a record that is not held here. Throws a Refusal `event-pending`. */
  descriptorOf(record: string): Descriptor | undefined {
    const name = `record ${record}`;
    const known = this.#known.get(name);
    if (known !== undefined) return known.value as Descriptor | undefined;
    const keyHashes: string[] = [];
    const descriptor = this.#read('descriptor', record, keyHashes);
    this.#keep(name, descriptor, keyHashes, descriptor === undefined ? 0 : JSON.stringify(descriptor).length);
    return descriptor;
  }

  /** Forgets what a block changed; to be called when it is folded, before anybody is told of it. */
  forget({ transactions }: LedgerBlock): void {
    this.#blocks += 1;
    for (const { valid, hashed } of transactions) {
      if (!valid) continue;
      for (const { collection, keyHash } of hashed) {
        const name = this.#collections.has(collection) ? this.#byKeyHash.get(keyHash) : undefined;
        if (name === undefined) continue;
        const known = this.#known.get(name);
        this.#known.delete(name);
        if (known !== undefined) this.#forgetHashes(name, known.keyHashes);
      }
    }
  }

  /** By the function that endorsers read consents with, so that a check cannot stand on anything else. */
  async #readConsents(name: string, subject: string): Promise<readonly PolicyInForce[] | undefined> {
    const blocks = this.#blocks;
    const keyHashes: string[] = [];
    let weight = 0;
    const read = <Wanted extends Kind>(kind: Wanted, id: string): Promise<PrivateValue<Wanted> | undefined> =>
      Promise.resolve(this.#read(kind, id, keyHashes));
    const consents = await consentsReader({
      custody: this.#custody.custody,
      values: { get: read },
      withdrawals: { get: read },
    })(subject);
    if (blocks !== this.#blocks) return this.#readConsents(name, subject);
    const shared = consents?.map((held) => {
      const { policy, added } = this.#share(held.policy);
      weight += added + CONSENT_WEIGHT;
      return { ...held, policy };
    });
    this.#keep(name, shared, keyHashes, weight);
    return shared;
  }

  #read<Wanted extends Kind>(
    kind: Wanted,
    id: string,
    keyHashes: string[],
  ): PrivateValue<Wanted> | undefined {
    keyHashes.push(hexSha256(this.#custody.key(kind, id)));
    return this.#custody.read(kind, id)?.value;
  }

  #keep(name: string, value: unknown, keyHashes: readonly string[], weight: number): void {
    for (const hash of keyHashes) this.#byKeyHash.set(hash, name);
    this.#known.set(name, { value, keyHashes }, ENTRY_WEIGHT + weight);
  }

  #forgetHashes(name: string, keyHashes: readonly string[]): void {
    for (const hash of keyHashes) if (this.#byKeyHash.get(hash) === name) this.#byKeyHash.delete(hash);
  }

  #share(policy: CompiledPolicy): { policy: CompiledPolicy; added: number } {
    const coverage = this.#criteria.share<Criteria>(policy.coverage);
    const exceptions = policy.exceptions.map((exception) =>
      this.#provisions.share<CompiledProvision>(exception),
    );
    return {
      policy: { ...policy, coverage: coverage.part, exceptions: exceptions.map(({ part }) => part) },
      added: exceptions.reduce((sum, { added }) => sum + added, coverage.added),
    };
  }
}
