import type { DatabaseSync, StatementSync } from 'node:sqlite';
import { asBuffer, asText } from './columns.js';

/** Private sets of transactions that never came are dropped after this many blocks (core.yaml's default). */
const RETENTION_BLOCKS = 1000;

/** Private data between endorsement and commit, per organisation. */
export class TransientStore {
  readonly #insert: StatementSync;
  readonly #select: StatementSync;
  readonly #delete: StatementSync;
  readonly #expire: StatementSync;

  constructor(database: DatabaseSync) {
    this.#insert = database.prepare('INSERT OR REPLACE INTO staged VALUES(?, ?, ?, ?)');
    this.#select = database.prepare('SELECT msp_id, private_set FROM staged WHERE tx_id = ?');
    this.#delete = database.prepare('DELETE FROM staged WHERE tx_id = ?');
    this.#expire = database.prepare('DELETE FROM staged WHERE height < ?');
  }

  stage(mspId: string, txId: string, height: number, privateSet: Buffer): void {
    this.#insert.run(Buffer.from(txId, 'utf8'), mspId, height, privateSet);
  }

  /** Serialised rwset.TxPvtReadWriteSet by MSP id. */
  staged(txId: string): ReadonlyMap<string, Buffer> {
    const rows = this.#select.all(Buffer.from(txId, 'utf8'));
    return new Map(rows.map((row) => [asText(row['msp_id']), asBuffer(row['private_set'])]));
  }

  forget(txId: string): void {
    this.#delete.run(Buffer.from(txId, 'utf8'));
  }

  /** Drops what has waited too long. */
  expire(height: number): void {
    this.#expire.run(height - RETENTION_BLOCKS);
  }
}
