import type { DatabaseSync } from 'node:sqlite';
import type { KeptSlip, KeptSlipAt, PurgedSlip, SlipStore } from '../../ports/slip-store.js';
import { hexSha256 } from '../../usecases/hex-hash.js';
import { inTransaction, openDatabase } from './database.js';

const SCHEMA = `
CREATE TABLE slip (
  position INTEGER PRIMARY KEY AUTOINCREMENT,
  id TEXT NOT NULL,
  key_hash TEXT NOT NULL,
  custodian TEXT NOT NULL,
  version INTEGER NOT NULL,
  value BLOB NOT NULL,
  noted INTEGER NOT NULL,
  received_at INTEGER NOT NULL,
  seen INTEGER NOT NULL DEFAULT 0,
  UNIQUE (custodian, id)
) STRICT;
CREATE UNIQUE INDEX slip_by_id ON slip(id);
CREATE UNIQUE INDEX slip_by_key_hash ON slip(key_hash);
CREATE INDEX slip_by_custodian ON slip(custodian, position);
CREATE INDEX slip_unseen ON slip(id) WHERE seen = 0;
CREATE TABLE purged_slip (id TEXT PRIMARY KEY, version INTEGER NOT NULL, names TEXT NOT NULL) STRICT, WITHOUT ROWID`;

interface Row {
  readonly position: number;
  readonly id: string;
  readonly custodian: string;
  readonly version: number;
  readonly value: Uint8Array;
  readonly noted: number;
  readonly received_at: number;
  readonly seen: number;
}

/**
 * The store in one SQLite file, written through to the disk: what is acknowledged is not sent again. What is purged is overwritten
 * (`secure_delete`), and the journal is emptied.
 */
export function openSlipStore(path: string): SlipStore & { close(): void } {
  const database = openDatabase(path, SCHEMA, 2, 'full');
  database.exec('PRAGMA secure_delete = ON');
  const statements = statementsOf(database);
  return {
    keep: ({ id, custodian, version, value, isNoted, receivedAt }: KeptSlip) =>
      statements.purged.get(id) === undefined &&
      statements.keep.run(id, hexSha256(`slip/${id}`), custodian, version, value, isNoted ? 1 : 0, receivedAt)
        .changes > 0,
    get(id) {
      const row = statements.get.get(id) as Row | undefined;
      return row === undefined ? undefined : slipOf(row);
    },
    list({ custodian, after, limit }) {
      const rows =
        custodian === undefined
          ? statements.list.all(after, limit)
          : statements.listOf.all(custodian, after, limit);
      return (rows as unknown as Row[]).map(slipOf);
    },
    byKeyHash(custodian, keyHash) {
      const row = statements.byKeyHash.get(custodian, keyHash) as Row | undefined;
      return row === undefined ? undefined : slipOf(row);
    },
    purge(id, { version, names }) {
      inTransaction(database, () => {
        statements.remove.run(id);
        statements.addPurged.run(id, version, names);
      });
      database.exec('PRAGMA wal_checkpoint(TRUNCATE)');
    },
    purged: (id) => statements.purged.get(id) as PurgedSlip | undefined,
    seen(id) {
      statements.seen.run(id);
    },
    unseen: () => statements.unseen.all() as unknown as { id: string; custodian: string }[],
    close() {
      database.close();
    },
  };
}

function slipOf({ position, id, custodian, version, value, noted, received_at, seen }: Row): KeptSlipAt {
  return {
    position,
    id,
    custodian,
    version,
    value: Buffer.from(value),
    isNoted: noted === 1,
    receivedAt: received_at,
    wasSeen: seen === 1,
  };
}

function statementsOf(database: DatabaseSync) {
  return {
    // A key is one custodian's, so nobody else can put anything in the place of its slips.
    keep: database.prepare(`
      INSERT INTO slip (id, key_hash, custodian, version, value, noted, received_at) VALUES (?, ?, ?, ?, ?, ?, ?)
      ON CONFLICT DO UPDATE
      SET version = excluded.version, value = excluded.value, received_at = excluded.received_at,
          noted = max(noted, excluded.noted)
      WHERE custodian = excluded.custodian AND (excluded.version > version OR
        (excluded.version = version AND (excluded.noted > noted OR excluded.value <> value)))`),
    get: database.prepare('SELECT * FROM slip WHERE id = ?'),
    list: database.prepare('SELECT * FROM slip WHERE position > ? ORDER BY position LIMIT ?'),
    listOf: database.prepare(
      'SELECT * FROM slip WHERE custodian = ? AND position > ? ORDER BY position LIMIT ?',
    ),
    byKeyHash: database.prepare('SELECT * FROM slip WHERE custodian = ? AND key_hash = ?'),
    remove: database.prepare('DELETE FROM slip WHERE id = ?'),
    addPurged: database.prepare(
      'INSERT INTO purged_slip (id, version, names) VALUES (?, ?, ?) ON CONFLICT DO NOTHING',
    ),
    purged: database.prepare('SELECT version, names FROM purged_slip WHERE id = ?'),
    seen: database.prepare('UPDATE slip SET seen = 1 WHERE id = ? AND seen = 0'),
    unseen: database.prepare('SELECT id, custodian FROM slip WHERE seen = 0'),
  };
}
