import type { Space, Spaces } from '../store/spaces.js';
import { RANGE_CHUNK, type StateTables } from '../store/state-tables.js';
import { TwoGenerationCache } from '../store/two-generation-cache.js';
import { compareBytewise } from './byte-order.js';
import type { HashedEntry, StateEntry, StateReader } from './entries.js';
import type { UpdateBatch } from './update-batch.js';

/** Bytes of public values and number of private key hashes kept in memory per generation. */
const CACHED_VALUE_BYTES = 16 * 1024 * 1024;
const CACHED_HASHES = 100_000;
const ENTRY_OVERHEAD = 200;

/** Stands in the caches for a key that does not exist: absence is asked for as often as presence. */
const ABSENT = Symbol('absent');
type Cached<E> = E | typeof ABSENT;

/** What the keys that one block changed were before it: by space id, then by key. */
interface Undo {
  readonly state: Map<number, Map<string, StateEntry | undefined>>;
  readonly hashed: Map<number, Map<string, HashedEntry | undefined>>;
}

/**
 * The world state: tables on the disk, hot values in memory, and for every open snapshot what later blocks have
 * overwritten, so that readers see a frozen state and commits never wait for them.
 */
export class WorldState implements StateReader {
  readonly #tables: StateTables;
  readonly #spaces: Spaces;
  readonly #values = new TwoGenerationCache<Cached<StateEntry>>(CACHED_VALUE_BYTES, (cached) =>
    cached === ABSENT ? ENTRY_OVERHEAD : ENTRY_OVERHEAD + cached.value.length,
  );
  readonly #hashes = new TwoGenerationCache<Cached<HashedEntry>>(CACHED_HASHES);
  /** By number of the block that made the changes. */
  readonly #undo = new Map<number, Undo>();
  /** Number of open snapshots by height. */
  readonly #open = new Map<number, number>();
  #height: number;

  constructor(tables: StateTables, spaces: Spaces, height: number) {
    this.#tables = tables;
    this.#spaces = spaces;
    this.#height = height;
  }

  get height(): number {
    return this.#height;
  }

  /** The genesis block changes no state that anybody can read. */
  skipGenesis(): void {
    this.#height = 1;
  }

  getState(namespace: string, key: string): StateEntry | undefined {
    const space = this.#spaces.find(namespace, '');
    return space === undefined ? undefined : this.#stateAtTip(space, key);
  }

  getHashed(namespace: string, collection: string, keyHash: string): HashedEntry | undefined {
    const space = this.#spaces.find(namespace, collection);
    return space === undefined ? undefined : this.#hashedAtTip(space, keyHash);
  }

  range(namespace: string, start: string, end: string): IterableIterator<{ key: string } & StateEntry> {
    return this.rangeAt(this.#height, namespace, start, end);
  }

  /** Freezes the state at the present height until {@link release}. */
  freeze(): number {
    return this.hold(this.#height);
  }

  /** Freezes the state at a height: the present one, or one no earlier than the earliest that is frozen. */
  hold(height: number): number {
    this.#open.set(height, (this.#open.get(height) ?? 0) + 1);
    return height;
  }

  release(height: number): void {
    const count = this.#open.get(height) ?? 0;
    if (count > 1) this.#open.set(height, count - 1);
    else this.#open.delete(height);
    const oldest = Math.min(...this.#open.keys());
    for (const block of this.#undo.keys()) if (block < oldest) this.#undo.delete(block);
  }

  getStateAt(height: number, namespace: string, key: string): StateEntry | undefined {
    const space = this.#spaces.find(namespace, '');
    if (space === undefined) return undefined;
    for (let block = height; block < this.#height; block++) {
      const changed = this.#undo.get(block)?.state.get(space.id);
      if (changed?.has(key) === true) return changed.get(key);
    }
    return this.#stateAtTip(space, key);
  }

  getHashedAt(
    height: number,
    namespace: string,
    collection: string,
    keyHash: string,
  ): HashedEntry | undefined {
    const space = this.#spaces.find(namespace, collection);
    if (space === undefined) return undefined;
    for (let block = height; block < this.#height; block++) {
      const changed = this.#undo.get(block)?.hashed.get(space.id);
      if (changed?.has(keyHash) === true) return changed.get(keyHash);
    }
    return this.#hashedAtTip(space, keyHash);
  }

  /** Keys of a namespace in byte order as they were at a height that is frozen (or is the tip). */
  *rangeAt(
    height: number,
    namespace: string,
    start: string,
    end: string,
  ): Generator<{ key: string } & StateEntry, undefined> {
    const space = this.#spaces.find(namespace, '');
    if (space === undefined) return;
    let from = start;
    let inclusive = true;
    for (;;) {
      const chunk = this.#tables.chunk(space, from, inclusive);
      const last = chunk.length < RANGE_CHUNK ? undefined : chunk.at(-1)?.key;
      yield* this.#thaw(space, height, chunk, { from, inclusive, last, end });
      if (last === undefined || (end !== '' && compareBytewise(last, end) >= 0)) return;
      from = last;
      inclusive = false;
    }
  }

  /** A chunk of the tip turned back into what it was at a height. */
  #thaw(
    space: Space,
    height: number,
    chunk: readonly { key: string; entry: StateEntry }[],
    window: { from: string; inclusive: boolean; last: string | undefined; end: string },
  ): ({ key: string } & StateEntry)[] {
    const inWindow = (key: string): boolean => {
      const afterStart = compareBytewise(key, window.from);
      if (afterStart < 0 || (afterStart === 0 && !window.inclusive)) return false;
      if (window.last !== undefined && compareBytewise(key, window.last) > 0) return false;
      return window.end === '' || compareBytewise(key, window.end) < 0;
    };
    const entries = new Map<string, StateEntry | undefined>();
    for (const { key, entry } of chunk) if (inWindow(key)) entries.set(key, entry);
    let reordered = false;
    for (let block = this.#height - 1; block >= height; block--) {
      for (const [key, before] of this.#undo.get(block)?.state.get(space.id) ?? []) {
        if (!inWindow(key)) continue;
        reordered ||= !entries.has(key);
        entries.set(key, before);
      }
    }
    const keys = [...entries.keys()];
    if (reordered) keys.sort(compareBytewise);
    return keys.flatMap((key) => {
      const entry = entries.get(key);
      return entry === undefined ? [] : [{ key, ...entry }];
    });
  }

  /** Writes a block's updates to the tables; to be called inside the block's database transaction. */
  write(updates: UpdateBatch): void {
    for (const [namespace, { public: values, collections }] of updates.namespaces) {
      if (values.size > 0) {
        const space = this.#spaces.ensure(namespace, '');
        for (const [key, update] of values) this.#tables.writeState(space, key, update);
      }
      for (const [collection, hashes] of collections) {
        const space = this.#spaces.ensure(namespace, collection);
        for (const [keyHash, update] of hashes) this.#tables.writeHashed(space, keyHash, update);
      }
    }
  }

  /**
   * Moves the tip past a block whose transaction is committed. What its keys were before goes to the open
   * snapshots: `before` holds it, gathered before the tables changed.
   */
  advance(updates: UpdateBatch, before: Undo | undefined): void {
    if (before !== undefined) this.#undo.set(this.#height, before);
    for (const [namespace, { public: values, collections }] of updates.namespaces) {
      const space = this.#spaces.find(namespace, '');
      for (const [key, { entry }] of values) {
        if (space !== undefined) this.#values.set(space.prefix + key, entry ?? ABSENT);
      }
      for (const [collection, hashes] of collections) {
        const hashedSpace = this.#spaces.find(namespace, collection);
        for (const [keyHash, { entry }] of hashes) {
          if (hashedSpace !== undefined) this.#hashes.set(hashedSpace.prefix + keyHash, entry ?? ABSENT);
        }
      }
    }
    this.#height++;
  }

  /** What the keys of a batch are at the tip, if a snapshot is open that may ask for them later. */
  before(updates: UpdateBatch): Undo | undefined {
    if (this.#open.size === 0) return undefined;
    const undo: Undo = { state: new Map(), hashed: new Map() };
    for (const [namespace, { public: values, collections }] of updates.namespaces) {
      if (values.size > 0) {
        const space = this.#spaces.ensure(namespace, '');
        const olds = new Map<string, StateEntry | undefined>();
        for (const key of values.keys()) olds.set(key, this.#stateAtTip(space, key));
        undo.state.set(space.id, olds);
      }
      for (const [collection, hashes] of collections) {
        const space = this.#spaces.ensure(namespace, collection);
        const olds = new Map<string, HashedEntry | undefined>();
        for (const keyHash of hashes.keys()) olds.set(keyHash, this.#hashedAtTip(space, keyHash));
        undo.hashed.set(space.id, olds);
      }
    }
    return undo;
  }

  #stateAtTip(space: Space, key: string): StateEntry | undefined {
    const cacheKey = space.prefix + key;
    const cached = this.#values.get(cacheKey);
    if (cached !== undefined) return cached === ABSENT ? undefined : cached;
    const entry = this.#tables.getState(space, key);
    this.#values.set(cacheKey, entry ?? ABSENT);
    return entry;
  }

  #hashedAtTip(space: Space, keyHash: string): HashedEntry | undefined {
    const cacheKey = space.prefix + keyHash;
    const cached = this.#hashes.get(cacheKey);
    if (cached !== undefined) return cached === ABSENT ? undefined : cached;
    const entry = this.#tables.getHashed(space, keyHash);
    this.#hashes.set(cacheKey, entry ?? ABSENT);
    return entry;
  }
}
