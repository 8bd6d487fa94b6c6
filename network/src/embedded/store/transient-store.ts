import type { DatabaseSync, StatementSync } from 'node:sqlite';
import { sha256 } from '../../wire-format/index.js';
import { asBuffer, asText } from './columns.js';

/** Private sets of transactions that never came are dropped after this many blocks (core.yaml's default). */
const RETENTION_BLOCKS = 1000;

/** A private set that waits for its transaction, and the organisations whose peers have it. */
export interface StagedSet {
  /** Serialised rwset.TxPvtReadWriteSet. */
  readonly privateSet: Buffer;
  readonly mspIds: ReadonlySet<string>;
}

/**
 * Private data between endorsement and commit, per organisation. Every distinct set of a transaction is kept, as peers
 * do: a proposal may be run more than once, and only its block tells which run counts.
 */
export class TransientStore {
  readonly #insert: StatementSync;
  readonly #hold: StatementSync;
  readonly #select: StatementSync;
  readonly #delete: readonly StatementSync[];
  readonly #expire: readonly StatementSync[];

  constructor(database: DatabaseSync) {
    this.#insert = database.prepare('INSERT OR IGNORE INTO staged_sets VALUES(?, ?, ?, ?)');
    this.#hold = database.prepare('INSERT OR IGNORE INTO staged_holders VALUES(?, ?, ?)');
    this.#select = database.prepare(
      `SELECT digest, private_set, msp_id FROM staged_sets JOIN staged_holders USING(tx_id, digest)
       WHERE tx_id = ?`,
    );
    this.#delete = ['staged_holders', 'staged_sets'].map((table) =>
      database.prepare(`DELETE FROM ${table} WHERE tx_id = ?`),
    );
    this.#expire = [
      database.prepare(
        `DELETE FROM staged_holders WHERE (tx_id, digest) IN
         (SELECT tx_id, digest FROM staged_sets WHERE height < ?)`,
      ),
      database.prepare('DELETE FROM staged_sets WHERE height < ?'),
    ];
  }

  stage(mspId: string, txId: string, height: number, privateSet: Buffer): void {
    const transaction = Buffer.from(txId, 'utf8');
    const digest = sha256(privateSet);
    this.#insert.run(transaction, digest, height, privateSet);
    this.#hold.run(transaction, digest, mspId);
  }

  staged(txId: string): readonly StagedSet[] {
    const sets = new Map<string, { privateSet: Buffer; mspIds: Set<string> }>();
    for (const row of this.#select.iterate(Buffer.from(txId, 'utf8'))) {
      const digest = asBuffer(row['digest']).toString('latin1');
      const mspId = asText(row['msp_id']);
      const known = sets.get(digest);
      if (known === undefined) {
        sets.set(digest, { privateSet: asBuffer(row['private_set']), mspIds: new Set([mspId]) });
      } else {
        known.mspIds.add(mspId);
      }
    }
    return [...sets.values()];
  }

  forget(txId: string): void {
    for (const statement of this.#delete) statement.run(Buffer.from(txId, 'utf8'));
  }

  /** Drops what has waited too long. */
  expire(height: number): void {
    for (const statement of this.#expire) statement.run(height - RETENTION_BLOCKS);
  }
}
