import type { DatabaseSync, StatementSync } from 'node:sqlite';
import { readKvRwset, sha256, type KvWrite } from '../../wire-format/index.js';
import type { Version } from '../ports.js';
import { sameVersion } from '../state/entries.js';
import { asBuffer, asNumber, asText, MalformedRow } from './columns.js';
import type { Space } from './spaces.js';
import { TwoGenerationCache } from './two-generation-cache.js';
import { withoutKey } from './without-key.js';

const CACHED_BYTES = 16 * 1024 * 1024;
const SET_OVERHEAD = 400;
const EMPTY = Buffer.alloc(0);

/** In the order of the column's values. */
const CONDITIONS = ['whole', 'purged', 'expired'] as const;
export type SetCondition = (typeof CONDITIONS)[number];

/** One collection's private write set of one transaction, as the organisations hold it that got it. */
export interface PrivateSet {
  readonly space: number;
  readonly version: Version;
  /** MSP ids. */
  readonly holders: ReadonlySet<string>;
  /** What is left of it: once a key was purged it no longer matches its hash in the block; expired, it is empty. */
  readonly condition: SetCondition;
  /** Serialised kvrwset.KVRWSet. */
  readonly rwset: Buffer;
  /** Last write of each key. */
  readonly writes: ReadonlyMap<string, KvWrite>;
  /** As stored with the set: over its holders, its condition, and its bytes. */
  readonly checksum: Buffer;
}

/**
 * Private values. A write set is stored once, as it was disseminated, with the organisations that hold it: they all
 * have the same bytes, or they would not match the hash in the block. Where a value is follows from the version of
 * its hash in the world state, so that there is no second copy of it.
 */
export class PrivateSets {
  readonly #database: DatabaseSync;
  readonly #insert: StatementSync;
  readonly #select: StatementSync;
  readonly #selectBlock: StatementSync;
  readonly #selectSpace: StatementSync;
  readonly #updateHolders: StatementSync;
  readonly #update: StatementSync;
  readonly #appendKey: StatementSync;
  readonly #selectKey: StatementSync;
  readonly #deleteKey: StatementSync;
  readonly #range: StatementSync;
  readonly #cache = new TwoGenerationCache<PrivateSet>(
    CACHED_BYTES,
    (set) => SET_OVERHEAD + set.rwset.length,
  );

  constructor(database: DatabaseSync) {
    this.#database = database;
    const prepare = (sql: string): StatementSync => {
      const statement = database.prepare(sql);
      statement.setReturnArrays(true);
      return statement;
    };
    const columns = 'block, tx, space, holders, condition, rwset, checksum';
    this.#insert = prepare(`INSERT INTO private_sets(${columns}) VALUES(?, ?, ?, ?, ?, ?, ?)`);
    this.#select = prepare(`SELECT ${columns} FROM private_sets WHERE block = ? AND tx = ? AND space = ?`);
    this.#selectBlock = prepare(`SELECT ${columns} FROM private_sets WHERE block = ? ORDER BY tx, space`);
    this.#selectSpace = prepare(`SELECT ${columns} FROM private_sets WHERE space = ? ORDER BY block, tx`);
    this.#updateHolders = prepare(
      'UPDATE private_sets SET holders = ?, checksum = ? WHERE block = ? AND tx = ? AND space = ?',
    );
    this.#update = prepare(
      'UPDATE private_sets SET condition = ?, rwset = ?, checksum = ? WHERE block = ? AND tx = ? AND space = ?',
    );
    this.#appendKey = prepare(
      'INSERT INTO private_keys VALUES(?, ?, ?) ON CONFLICT DO UPDATE SET sets = sets || excluded.sets',
    );
    this.#selectKey = prepare('SELECT sets FROM private_keys WHERE space = ? AND key = ?');
    this.#deleteKey = prepare('DELETE FROM private_keys WHERE space = ? AND key = ?');
    this.#range = prepare('SELECT key FROM private_keys WHERE space = ? AND key >= ? ORDER BY key LIMIT ?');
  }

  /** The set of a collection that a transaction wrote, or undefined where nobody holds it. */
  read(space: Space, version: Version): PrivateSet | undefined {
    const key = cacheKey(space.id, version);
    const cached = this.#cache.get(key);
    if (cached !== undefined) return cached;
    const row = this.#select.get(version.block, version.tx, space.id) as unknown[] | undefined;
    if (row === undefined) return undefined;
    const set = privateSet(row);
    this.#cache.set(key, set);
    return set;
  }

  /** Every set of a block, by transaction. */
  ofBlock(blockNumber: number): PrivateSet[] {
    return (this.#selectBlock.all(blockNumber) as unknown as unknown[][]).map(privateSet);
  }

  /** Every set of a collection, in the order of the blocks. */
  *ofSpace(space: Space): Generator<PrivateSet, undefined> {
    for (const row of this.#selectSpace.iterate(space.id)) yield privateSet(row as unknown as unknown[]);
  }

  /** One more organisation has a set. Whether there is such a set. */
  addHolder(space: Space, version: Version, mspId: string): boolean {
    const set = this.read(space, version);
    if (set === undefined) return false;
    const holders = new Set([...set.holders, mspId]);
    const sum = checksum(holders, set.condition, set.rwset);
    this.#updateHolders.run([...holders].join('\n'), sum, version.block, version.tx, space.id);
    this.#cache.delete(cacheKey(space.id, version));
    return true;
  }

  /** Transactions whose sets hold a write of a clear key. */
  setsOf(space: Space, key: string): Version[] | undefined {
    const row = this.#selectKey.get(space.id, Buffer.from(key, 'utf8')) as unknown[] | undefined;
    return row === undefined ? undefined : parseVersions(asText(row[0]));
  }

  /** Clear keys of a collection in byte order, from one on, at most `limit`. */
  keys(space: Space, from: string, limit: number): string[] {
    const rows = this.#range.all(space.id, Buffer.from(from, 'utf8'), limit) as unknown as unknown[][];
    return rows.map((row) => asBuffer(row[0]).toString('utf8'));
  }

  *allKeys(space: Space): Generator<string, undefined> {
    const limit = 256;
    let from = '';
    for (;;) {
      const keys = this.keys(space, from, limit);
      yield* keys;
      const last = keys.at(-1);
      if (last === undefined || keys.length < limit) return;
      from = `${last}\0`;
    }
  }

  /** To be called inside the block's database transaction, as is {@link purge}. */
  write(set: PrivateSet): void {
    const { version, space, rwset } = set;
    this.#insert.run(version.block, version.tx, space, [...set.holders].join('\n'), 0, rwset, set.checksum);
    for (const key of set.writes.keys()) {
      this.#appendKey.run(space, Buffer.from(key, 'utf8'), reference(version));
    }
  }

  /** Makes a set readable from memory once its block is committed. */
  advance(set: PrivateSet): void {
    this.#cache.set(cacheKey(set.space, set.version), set);
  }

  /** Takes a clear key out of every set written before a version. Bytes are overwritten on the disk. */
  purge(space: Space, key: string, before: Version): void {
    const keyBytes = Buffer.from(key, 'utf8');
    const isEarlier = ({ block, tx }: Version): boolean =>
      block < before.block || (block === before.block && tx < before.tx);
    const sets = this.setsOf(space, key) ?? [];
    for (const version of sets.filter(isEarlier)) {
      const set = this.read(space, version);
      if (set === undefined) continue;
      this.#replace(set, 'purged', withoutKey(set.rwset, key));
    }
    this.#keepReferences(
      space.id,
      keyBytes,
      sets.filter((version) => !isEarlier(version)),
    );
  }

  /** The sets of a collection that a block brought. */
  writtenAt(space: Space, blockNumber: number): PrivateSet[] {
    return this.ofBlock(blockNumber).filter((set) => set.space === space.id);
  }

  /** Empties a set whose blocks to live are over. Bytes are overwritten on the disk. */
  expire(space: Space, set: PrivateSet): void {
    this.#replace(set, 'expired', EMPTY);
    for (const key of set.writes.keys()) {
      const left = (this.setsOf(space, key) ?? []).filter((version) => !sameVersion(version, set.version));
      this.#keepReferences(space.id, Buffer.from(key, 'utf8'), left);
    }
  }

  #replace({ space, version, holders }: PrivateSet, condition: SetCondition, rwset: Buffer): void {
    const sum = checksum(holders, condition, rwset);
    this.#update.run(CONDITIONS.indexOf(condition), rwset, sum, version.block, version.tx, space);
    this.#cache.delete(cacheKey(space, version));
  }

  #keepReferences(space: number, key: Buffer, versions: readonly Version[]): void {
    this.#deleteKey.run(space, key);
    if (versions.length > 0) this.#appendKey.run(space, key, versions.map(reference).join(''));
  }

  /** Empties the write-ahead log, in which purged bytes would stay for a while. */
  scrub(): void {
    this.#database.exec('PRAGMA wal_checkpoint(TRUNCATE)');
  }
}

/** A set as it comes from the transient store. */
export function newPrivateSet(
  space: number,
  version: Version,
  holders: ReadonlySet<string>,
  rwset: Buffer,
): PrivateSet {
  const sum = checksum(holders, 'whole', rwset);
  return { space, version, holders, condition: 'whole', rwset, writes: lastWrites(rwset), checksum: sum };
}

/** Tells whether a row is what was written; purging and expiry write it anew. */
export function checksum(holders: ReadonlySet<string>, condition: SetCondition, rwset: Buffer): Buffer {
  return sha256(Buffer.from(`${[condition, ...holders].join('\n')}\0`, 'utf8'), rwset);
}

function privateSet(row: readonly unknown[]): PrivateSet {
  const rwset = asBuffer(row[5]);
  const condition = CONDITIONS[asNumber(row[4])];
  if (condition === undefined) throw new MalformedRow();
  return {
    version: { block: asNumber(row[0]), tx: asNumber(row[1]) },
    space: asNumber(row[2]),
    holders: new Set(asText(row[3]).split('\n')),
    condition,
    rwset,
    writes: lastWrites(rwset),
    checksum: asBuffer(row[6]),
  };
}

function lastWrites(rwset: Buffer): ReadonlyMap<string, KvWrite> {
  return new Map(readKvRwset(rwset).writes.map((write) => [write.key, write]));
}

function cacheKey(space: number, { block, tx }: Version): string {
  return `${space}:${block}:${tx}`;
}

function reference({ block, tx }: Version): string {
  return `,${block}:${tx}`;
}

function parseVersions(text: string): Version[] {
  return text
    .split(',')
    .filter((part) => part !== '')
    .map((part) => {
      const [block, tx] = part.split(':');
      return { block: Number(block), tx: Number(tx) };
    });
}
