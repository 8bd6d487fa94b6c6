import type { DatabaseSync, StatementSync } from 'node:sqlite';
import { headerHash, type BlockHeader } from '../../wire-format/index.js';
import { asBuffer, asNumber } from './columns.js';

/**
 * Remembers outside the ledger's own database which block was committed last. A database that was cut back (an older
 * copy, a write-ahead log that was damaged and ignored) is consistent in itself: only this tells.
 */
export class TipWitness {
  readonly #put: StatementSync;
  readonly #get: StatementSync;

  constructor(database: DatabaseSync) {
    this.#put = database.prepare('INSERT OR REPLACE INTO tip VALUES(1, ?, ?)');
    this.#get = database.prepare('SELECT number, header_hash FROM tip');
  }

  /** To be called after the block is durable, so that the witness is never ahead of it. */
  committed(header: BlockHeader): void {
    this.#put.run(header.number, headerHash(header));
  }

  /** The block that was committed last, as far as this file knows. */
  last(): { readonly number: number; readonly headerHash: Buffer } | undefined {
    const row = this.#get.get();
    if (row === undefined) return undefined;
    return { number: asNumber(row['number']), headerHash: asBuffer(row['header_hash']) };
  }
}
