import { len, ProtoReader, ProtoWriter, varint } from '../../wire-format/index.js';
import { HashedEntry, type StateEntry, type StateReader } from './entries.js';
import { encodeMetadataEntries, readMetadataEntries } from './metadata.js';

/** Entries from before a block, asked for when a write keeps a part of them. */
export interface PreviousState {
  public(namespace: string, key: string, needed: 'value' | 'metadata'): StateEntry | undefined;
  hashed(
    namespace: string,
    collection: string,
    keyHash: string,
    needed: 'value' | 'metadata',
  ): HashedEntry | undefined;
}

export interface PreviousEntry {
  readonly namespace: string;
  /** Empty for public keys. */
  readonly collection: string;
  /** The key, or its hash as a string of one byte a character. */
  readonly key: string;
  readonly entry: StateEntry | HashedEntry;
}

/** Reads from the state and remembers what mattered, so that the block's updates can be derived again from it. */
export class RecordedPrevious implements PreviousState {
  readonly entries: PreviousEntry[] = [];
  readonly #state: StateReader;

  constructor(state: StateReader) {
    this.#state = state;
  }

  public(namespace: string, key: string, needed: 'value' | 'metadata'): StateEntry | undefined {
    const entry = this.#state.getState(namespace, key);
    if (entry !== undefined && (needed === 'value' || entry.metadata !== undefined)) {
      this.entries.push({ namespace, collection: '', key, entry });
    }
    return entry;
  }

  hashed(
    namespace: string,
    collection: string,
    keyHash: string,
    needed: 'value' | 'metadata',
  ): HashedEntry | undefined {
    const entry = this.#state.getHashed(namespace, collection, keyHash);
    if (entry !== undefined && (needed === 'value' || entry.metadata !== undefined)) {
      this.entries.push({ namespace, collection, key: keyHash, entry });
    }
    return entry;
  }
}

/** Answers from what was remembered beside a block. */
export class RememberedPrevious implements PreviousState {
  readonly #public = new Map<string, StateEntry>();
  readonly #hashed = new Map<string, HashedEntry>();

  constructor(entries: readonly PreviousEntry[]) {
    for (const { namespace, collection, key, entry } of entries) {
      if (entry instanceof HashedEntry) this.#hashed.set(`${namespace}\0${collection}\0${key}`, entry);
      else this.#public.set(`${namespace}\0${key}`, entry);
    }
  }

  public(namespace: string, key: string): StateEntry | undefined {
    return this.#public.get(`${namespace}\0${key}`);
  }

  hashed(namespace: string, collection: string, keyHash: string): HashedEntry | undefined {
    return this.#hashed.get(`${namespace}\0${collection}\0${keyHash}`);
  }
}

/** What is kept beside a block: how many private sets came with it, and the entries of which it kept a part. */
export interface Annex {
  readonly privateSets: number;
  readonly kept: readonly PreviousEntry[];
}

export function encodeAnnex({ privateSets, kept }: Annex): Buffer {
  const writer = new ProtoWriter().number(1, privateSets);
  for (const { namespace, collection, key, entry } of kept) {
    const hashed = entry instanceof HashedEntry;
    const valueVersion = hashed ? entry.valueVersion : entry.version;
    const message = new ProtoWriter()
      .bytes(1, namespace)
      .bytes(2, collection)
      .bytes(3, Buffer.from(key, hashed ? 'latin1' : 'utf8'))
      .bytes(4, hashed ? entry.valueHash : entry.value)
      .number(6, entry.version.block)
      .number(7, entry.version.tx)
      .number(8, valueVersion.block)
      .number(9, valueVersion.tx);
    if (entry.metadata !== undefined) message.present(5, encodeMetadataEntries(entry.metadata));
    writer.present(2, message.finish());
  }
  return writer.finish();
}

export function readAnnex(bytes: Uint8Array): Annex {
  const reader = new ProtoReader(bytes);
  let privateSets = 0;
  const kept: PreviousEntry[] = [];
  for (let tag = reader.next(); tag !== 0; tag = reader.next()) {
    if (tag === varint(1)) privateSets = reader.number();
    else if (tag === len(2)) kept.push(readKept(reader.bytes()));
    else reader.skip(tag);
  }
  return { privateSets, kept };
}

function readKept(bytes: Buffer): PreviousEntry {
  const fields = new Map<number, Buffer | number>();
  const reader = new ProtoReader(bytes);
  for (let tag = reader.next(); tag !== 0; tag = reader.next()) {
    fields.set(tag >>> 3, (tag & 7) === 2 ? reader.bytes() : reader.number());
  }
  const buffer = (field: number): Buffer => {
    const value = fields.get(field);
    return Buffer.isBuffer(value) ? value : Buffer.alloc(0);
  };
  const number = (field: number): number => {
    const value = fields.get(field);
    return typeof value === 'number' ? value : 0;
  };
  const collection = buffer(2).toString('utf8');
  const version = { block: number(6), tx: number(7) };
  const metadata = fields.has(5) ? readMetadataEntries(buffer(5)) : undefined;
  const entry =
    collection === ''
      ? { value: buffer(4), version, ...(metadata === undefined ? {} : { metadata }) }
      : new HashedEntry(buffer(4), version, { block: number(8), tx: number(9) }, metadata);
  return {
    namespace: buffer(1).toString('utf8'),
    collection,
    key: buffer(3).toString(collection === '' ? 'utf8' : 'latin1'),
    entry,
  };
}
