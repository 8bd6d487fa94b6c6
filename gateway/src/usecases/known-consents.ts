import type { PolicyInForce } from '@consent-ledger/chaincode/domain';
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
import { hexSha256 } from './hex-hash.js';
import { Lru } from './lru.js';
import { SharedPolicies } from './sharing-policies.js';

/** What a decision needs of a record. */
export type KnownRecord = Pick<Descriptor, 'facts' | 'status' | 'subjects'>;

/** Something read from the projection, with the keys that it was read from. */
interface Known {
  readonly value: unknown;
  readonly keys: readonly number[];
}

type Kind = Extract<PrivateKind, 'policies' | 'withdrawal' | 'descriptor'>;

/** Measured: what an entry takes in memory beside its value, what a consent takes out of shared parts, and a fact's character. */
const ENTRY_BYTES = 400;
const CONSENT_BYTES = 350;
const FACT_BYTES = 3;

/**
 * Compiled policies and record descriptors of one custodian, ready to be asked: read from the projection once, kept in
 * memory within bounds, and forgotten when a block writes one of the keys that they were read from. So what is
 * answered always stands on the newest block that was folded.
 */
export class KnownConsents {
  readonly #custody: CustodyView;
  readonly #collections: ReadonlySet<string>;
  readonly #known: Lru<Known>;
  /** Name of what was read from a key, by the first bits of the key's hash. */
  readonly #names = new Map<number, string>();
  readonly #policies = new SharedPolicies();
  /** Blocks that were looked at: what was read while one came is read again. */
  #blocks = 0;

  /** @param bytes of memory, about */
  constructor(custody: CustodyView, bytes: number) {
    this.#custody = custody;
    this.#collections = new Set([
      custodyCollection(custody.custodian),
      withdrawalCollection(custody.custodian),
    ]);
    this.#known = new Lru(bytes, (name, { keys }) => {
      this.#forgetKeys(name, keys);
    });
  }

  /** What is in memory of a subject's consents; undefined where nothing is, and then `consentsOf` reads it. */
  remembered(subject: string): { readonly value: readonly PolicyInForce[] | undefined } | undefined {
    return this.#known.get(`subject ${subject}`) as
      { value: readonly PolicyInForce[] | undefined } | undefined;
  }

  /** Undefined for a subject that is not known. Rejects with a Refusal `event-pending` where the own peer lacks a value. */
  async consentsOf(subject: string): Promise<readonly PolicyInForce[] | undefined> {
    const name = `subject ${subject}`;
    const known = this.#known.get(name);
    if (known !== undefined) return known.value as readonly PolicyInForce[] | undefined;
    return this.#readConsents(name, subject);
  }

  /** Undefined for a record that is not held here. Throws a Refusal `event-pending`. */
  recordOf(record: string): KnownRecord | undefined {
    const name = `record ${record}`;
    const known = this.#known.get(name);
    if (known !== undefined) return known.value as KnownRecord | undefined;
    const keys: number[] = [];
    const descriptor = this.#read('descriptor', record, keys);
    const bytes = JSON.stringify(descriptor?.facts ?? {}).length * FACT_BYTES;
    return this.#keep(name, descriptor && knownRecord(descriptor), keys, bytes);
  }

  /** Forgets what a block changed; to be called when it is folded, before anybody is told of it. */
  forget({ transactions }: LedgerBlock): void {
    this.#blocks += 1;
    for (const { valid, hashed } of transactions) {
      if (!valid) continue;
      for (const { collection, keyHash } of hashed) {
        const name = this.#collections.has(collection) ? this.#names.get(bitsOf(keyHash)) : undefined;
        const known = name === undefined ? undefined : this.#known.get(name);
        if (name === undefined || known === undefined) continue;
        this.#known.delete(name);
        this.#forgetKeys(name, known.keys);
      }
    }
  }

  /** By the function that endorsers read consents with, so that a check cannot stand on anything else. */
  async #readConsents(name: string, subject: string): Promise<readonly PolicyInForce[] | undefined> {
    const blocks = this.#blocks;
    const keys: number[] = [];
    const read = <Wanted extends Kind>(kind: Wanted, id: string): Promise<PrivateValue<Wanted> | undefined> =>
      Promise.resolve(this.#read(kind, id, keys));
    const consents = await consentsReader({
      values: { get: read },
      withdrawals: { get: read },
    })(subject);
    if (blocks !== this.#blocks) return this.#readConsents(name, subject);
    let bytes = 0;
    const shared = consents?.map((held) => {
      const made = this.#policies.share(held.policy);
      bytes += made.bytes + CONSENT_BYTES;
      return { ...held, policy: made.policy };
    });
    return this.#keep(name, shared, keys, bytes);
  }

  #read<Wanted extends Kind>(kind: Wanted, id: string, keys: number[]): PrivateValue<Wanted> | undefined {
    keys.push(bitsOf(hexSha256(this.#custody.key(kind, id))));
    return this.#custody.read(kind, id)?.value;
  }

  #keep<Value>(name: string, value: Value, keys: readonly number[], bytes: number): Value {
    // Two keys of the same bits, one time in a hundred million: the second is read each time.
    if (keys.some((key) => (this.#names.get(key) ?? name) !== name)) return value;
    for (const key of keys) this.#names.set(key, name);
    this.#known.set(name, { value, keys }, ENTRY_BYTES + bytes);
    return value;
  }

  #forgetKeys(name: string, keys: readonly number[]): void {
    for (const key of keys) if (this.#names.get(key) === name) this.#names.delete(key);
  }
}

function knownRecord({ facts, status, subjects }: Descriptor): KnownRecord {
  return { facts, status, subjects };
}

/** The first 48 bits of a hash in hex: a number takes a tenth of the text. */
function bitsOf(keyHash: string): number {
  return Number.parseInt(keyHash.slice(0, 12), 16);
}
