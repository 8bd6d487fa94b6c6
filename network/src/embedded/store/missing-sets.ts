import type { DatabaseSync, StatementSync } from 'node:sqlite';
import type { Version } from '../ports.js';
import { asNumber, asText } from './columns.js';

/** A private set that a member's peer should have and has not. */
export interface MissingEntry {
  readonly space: number;
  readonly version: Version;
  readonly mspId: string;
}

/** What is missing where: what a peer asks the others for, again and again [pvtdatastorage: missing data]. */
export class MissingSets {
  readonly #insert: StatementSync;
  readonly #delete: StatementSync;
  readonly #ofMember: StatementSync;
  readonly #ofBlock: StatementSync;

  constructor(database: DatabaseSync) {
    const columns = 'block, tx, space, msp_id';
    this.#insert = database.prepare('INSERT OR IGNORE INTO missing_sets VALUES(?, ?, ?, ?)');
    this.#delete = database.prepare(
      'DELETE FROM missing_sets WHERE block = ? AND tx = ? AND space = ? AND msp_id = ?',
    );
    this.#ofMember = database.prepare(
      `SELECT ${columns} FROM missing_sets WHERE msp_id = ? ORDER BY block, tx, space`,
    );
    this.#ofBlock = database.prepare(`SELECT ${columns} FROM missing_sets WHERE block = ?`);
  }

  /** To be called inside a database transaction, as is {@link delete}. */
  write({ space, version: { block, tx }, mspId }: MissingEntry): void {
    this.#insert.run(block, tx, space, mspId);
  }

  delete({ space, version: { block, tx }, mspId }: MissingEntry): void {
    this.#delete.run(block, tx, space, mspId);
  }

  of(mspId: string): MissingEntry[] {
    return this.#ofMember.all(mspId).map(entry);
  }

  ofBlock(block: number): MissingEntry[] {
    return this.#ofBlock.all(block).map(entry);
  }
}

function entry(row: Record<string, unknown>): MissingEntry {
  return {
    version: { block: asNumber(row['block']), tx: asNumber(row['tx']) },
    space: asNumber(row['space']),
    mspId: asText(row['msp_id']),
  };
}
