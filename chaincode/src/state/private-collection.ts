import type { KeyObject } from 'node:crypto';
import type { PrivateKind, PrivateValue } from '../wire/index.js';
import { SCHEMA_VERSION, canonicalBytes } from '../wire/canonical.js';
import { privateKey, valueSaltFor } from '../wire/keys.js';
import { readStored, type StoredValue } from './stored.js';
import type { Stub } from './stub.js';

/** What a command says of a value; version and salt are added where it is written. */
export type Unsalted<Value> = Value extends unknown ? Omit<Value, 'v' | 'salt'> : never;

const NOTHING = new Uint8Array(0);

export type PrivateId = readonly [string, ...string[]];

/**
 * The values of one collection under their derived keys. Each key is read once in a transaction, absence
 * included, by that exact key: so what was not there is in the read set too, and two transactions cannot both
 * create it.
 */
export class PrivateCollection {
  readonly #reads = new Map<string, Promise<Uint8Array>>();
  readonly #values = new Map<string, StoredValue>();
  readonly #keys = new Map<string, string>();

  /**
   * @param pepper HMAC key of the custody collection that this belongs to, 32 bytes
   * @param commandSalt the command's 32 bytes; absent in a query, which writes nothing
   */
  constructor(
    private readonly stub: Stub,
    private readonly name: string,
    private readonly pepper: KeyObject,
    private readonly commandSalt?: KeyObject,
  ) {}

  key(kind: PrivateKind, ...id: PrivateId): string {
    const name = `${kind} ${id.join(' ')}`;
    let key = this.#keys.get(name);
    if (key === undefined) {
      key = privateKey(kind, this.pepper, ...id);
      this.#keys.set(name, key);
    }
    return key;
  }

  async get<Kind extends PrivateKind>(kind: Kind, ...id: PrivateId): Promise<PrivateValue<Kind> | undefined> {
    return this.getAt(kind, this.key(kind, ...id));
  }

  /** {@link get} where the key is known already. */
  async getAt<Kind extends PrivateKind>(_kind: Kind, key: string): Promise<PrivateValue<Kind> | undefined> {
    const known = this.#values.get(key);
    if (known !== undefined) return known as PrivateValue<Kind>;
    const value = readStored(await this.bytesAt(key));
    if (value !== undefined) this.#values.set(key, value);
    return value as PrivateValue<Kind> | undefined;
  }

  /** The bytes as they are; empty where there is nothing. */
  bytesAt(key: string): Promise<Uint8Array> {
    let read = this.#reads.get(key);
    if (read === undefined) {
      read = this.stub.getPrivateData(this.name, key);
      this.#reads.set(key, read);
    }
    return read;
  }

  /** Reads what is not read yet, all at once. */
  async readAhead(keys: Iterable<string>): Promise<void> {
    const unread = [...new Set(keys)].filter((key) => !this.#reads.has(key));
    if (unread.length === 0) return;
    const values = await this.stub.getPrivateDataMultiple(this.name, unread);
    unread.forEach((key, index) => this.#reads.set(key, Promise.resolve(values[index] ?? NOTHING)));
  }

  /**
   * Writes a value whose key this transaction has read; otherwise two transactions could each believe to be
   * the first.
   */
  put<Kind extends PrivateKind>(kind: Kind, id: PrivateId, value: Unsalted<PrivateValue<Kind>>): void {
    const key = this.key(kind, ...id);
    if (!this.#reads.has(key)) throw new Error(`A ${kind} was written without having been read.`);
    this.#write(key, value);
  }

  /** Writes under a key that no other transaction can have, such as one made from the transaction's id. */
  putUnread<Kind extends PrivateKind>(kind: Kind, id: PrivateId, value: Unsalted<PrivateValue<Kind>>): void {
    this.#write(this.key(kind, ...id), value);
  }

  /**
   * Takes a value away for good: the peers that hold it forget it in every block, and keep its hash. Its key must have been
   * read in this transaction.
   */
  purge(key: string): void {
    if (!this.#reads.has(key)) throw new Error('A value was purged without having been read.');
    this.stub.purgePrivateData(this.name, key);
  }

  /** Salt of something that is part of a value and is hashed by itself. */
  saltFor(key: string): string {
    if (this.commandSalt === undefined) throw new Error('A query has no salt.');
    return valueSaltFor(this.commandSalt, key);
  }

  #write(key: string, value: object): void {
    const stored = { ...value, v: SCHEMA_VERSION, salt: this.saltFor(key) };
    this.stub.putPrivateData(this.name, key, canonicalBytes(stored));
  }
}
