import type { HashedValue, Metadata, StateValue, Version } from '../ports.js';

/** A public key's value at one height. */
export interface StateEntry extends StateValue {
  readonly value: Buffer;
  readonly version: Version;
  readonly metadata?: Metadata;
}

/** A private key as every peer knows it. The hash is held as a one-byte-a-character string: small, and no view of a block. */
export class HashedEntry implements HashedValue {
  readonly version: Version;
  /** Transaction whose private set holds the value: the version, unless metadata alone was written since. */
  readonly valueVersion: Version;
  readonly metadata?: Metadata;
  readonly #valueHash: string;

  constructor(valueHash: Buffer | string, version: Version, valueVersion: Version, metadata?: Metadata) {
    this.#valueHash = typeof valueHash === 'string' ? valueHash : valueHash.toString('latin1');
    this.version = version;
    this.valueVersion = valueVersion;
    if (metadata !== undefined) this.metadata = metadata;
  }

  get valueHash(): Buffer {
    return Buffer.from(this.#valueHash, 'latin1');
  }
}

/** State at the tip or at a frozen height. Key hashes are strings of one byte a character (latin1). */
export interface StateReader {
  getState(namespace: string, key: string): StateEntry | undefined;
  getHashed(namespace: string, collection: string, keyHash: string): HashedEntry | undefined;
  range(namespace: string, start: string, end: string): IterableIterator<{ key: string } & StateEntry>;
}

export function sameVersion(a: Version | undefined, b: Version | undefined): boolean {
  return a === undefined || b === undefined ? a === b : a.block === b.block && a.tx === b.tx;
}
