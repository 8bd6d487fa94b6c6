import type { DatabaseSync, StatementSync } from 'node:sqlite';
import type { Metadata } from '../ports.js';
import { HashedEntry, type StateEntry } from '../state/entries.js';
import { encodeMetadataEntries, readMetadataEntries } from '../state/metadata.js';
import type { Update } from '../state/update-batch.js';
import { asBuffer, asNumber } from './columns.js';
import type { Space } from './spaces.js';

/** Rows fetched at once while iterating over a range: no statement stays open between two of them. */
export const RANGE_CHUNK = 128;

/** The world state at the tip as it lies on the disk: public values, and hashes of private keys. */
export class StateTables {
  readonly #getState: StatementSync;
  readonly #getHashed: StatementSync;
  readonly #putState: StatementSync;
  readonly #putHashed: StatementSync;
  readonly #deleteState: StatementSync;
  readonly #deleteHashed: StatementSync;
  readonly #rangeFrom: StatementSync;
  readonly #rangeAfter: StatementSync;

  constructor(database: DatabaseSync) {
    const prepare = (sql: string): StatementSync => {
      const statement = database.prepare(sql);
      statement.setReturnArrays(true);
      return statement;
    };
    this.#getState = prepare('SELECT block, tx, value, metadata FROM state WHERE space = ? AND key = ?');
    this.#getHashed = prepare(
      'SELECT block, tx, value_hash, metadata, value_block, value_tx FROM hashed WHERE space = ? AND key_hash = ?',
    );
    this.#putState = prepare('INSERT OR REPLACE INTO state VALUES(?, ?, ?, ?, ?, ?)');
    this.#putHashed = prepare('INSERT OR REPLACE INTO hashed VALUES(?, ?, ?, ?, ?, ?, ?, ?)');
    this.#deleteState = prepare('DELETE FROM state WHERE space = ? AND key = ?');
    this.#deleteHashed = prepare('DELETE FROM hashed WHERE space = ? AND key_hash = ?');
    const range = 'SELECT key, block, tx, value, metadata FROM state WHERE space = ? AND key';
    this.#rangeFrom = prepare(`${range} >= ? ORDER BY key LIMIT ${RANGE_CHUNK}`);
    this.#rangeAfter = prepare(`${range} > ? ORDER BY key LIMIT ${RANGE_CHUNK}`);
  }

  getState(space: Space, key: string): StateEntry | undefined {
    const row = this.#getState.get(space.id, Buffer.from(key, 'utf8')) as unknown[] | undefined;
    return row === undefined ? undefined : stateEntry(row, 0);
  }

  /** @param keyHash As a string of one byte a character. */
  getHashed(space: Space, keyHash: string): HashedEntry | undefined {
    const row = this.#getHashed.get(space.id, Buffer.from(keyHash, 'latin1')) as unknown[] | undefined;
    if (row === undefined) return undefined;
    const version = { block: asNumber(row[0]), tx: asNumber(row[1]) };
    const valueVersion = { block: asNumber(row[4]), tx: asNumber(row[5]) };
    return new HashedEntry(asBuffer(row[2]), version, valueVersion, metadataColumn(row[3]));
  }

  /** At most {@link RANGE_CHUNK} entries in byte order, from a key on (inclusive) or after it. */
  chunk(space: Space, from: string, inclusive: boolean): { key: string; entry: StateEntry }[] {
    const statement = inclusive ? this.#rangeFrom : this.#rangeAfter;
    const rows = statement.all(space.id, Buffer.from(from, 'utf8')) as unknown as unknown[][];
    return rows.map((row) => ({ key: asBuffer(row[0]).toString('utf8'), entry: stateEntry(row, 1) }));
  }

  writeState(space: Space, key: string, update: Update<StateEntry>): void {
    const keyBytes = Buffer.from(key, 'utf8');
    const { entry, version } = update;
    if (entry === undefined) this.#deleteState.run(space.id, keyBytes);
    else {
      this.#putState.run(
        space.id,
        keyBytes,
        version.block,
        version.tx,
        entry.value,
        metadataBytes(entry.metadata),
      );
    }
  }

  writeHashed(space: Space, keyHash: string, update: Update<HashedEntry>): void {
    const keyBytes = Buffer.from(keyHash, 'latin1');
    const { entry, version } = update;
    if (entry === undefined) this.#deleteHashed.run(space.id, keyBytes);
    else {
      this.#putHashed.run(
        space.id,
        keyBytes,
        version.block,
        version.tx,
        entry.valueHash,
        metadataBytes(entry.metadata),
        entry.valueVersion.block,
        entry.valueVersion.tx,
      );
    }
  }
}

function stateEntry(row: readonly unknown[], at: number): StateEntry {
  const version = { block: asNumber(row[at]), tx: asNumber(row[at + 1]) };
  const value = asBuffer(row[at + 2]);
  const metadata = metadataColumn(row[at + 3]);
  return metadata === undefined ? { value, version } : { value, version, metadata };
}

function metadataColumn(value: unknown): Metadata | undefined {
  return value === null ? undefined : readMetadataEntries(asBuffer(value));
}

function metadataBytes(metadata: Metadata | undefined): Buffer | null {
  return metadata === undefined ? null : encodeMetadataEntries(metadata);
}
