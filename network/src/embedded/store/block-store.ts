import type { DatabaseSync, StatementSync } from 'node:sqlite';
import { sha256 } from '../../wire-format/index.js';
import type { TransactionStatus, Version } from '../ports.js';
import { asBuffer, asNumber } from './columns.js';
import type { Space } from './spaces.js';
import { TwoGenerationCache } from './two-generation-cache.js';

const CACHED_BLOCK_BYTES = 8 * 1024 * 1024;

/** The blocks as they are delivered, with the indexes of transaction ids and of the history of public keys. */
export class BlockStore {
  readonly #insert: StatementSync;
  readonly #select: StatementSync;
  readonly #selectAnnex: StatementSync;
  readonly #insertTransaction: StatementSync;
  readonly #selectTransaction: StatementSync;
  readonly #insertHistory: StatementSync;
  readonly #selectHistory: StatementSync;
  readonly #recent = new TwoGenerationCache<Buffer>(CACHED_BLOCK_BYTES, (block) => block.length);
  #height: number;

  constructor(database: DatabaseSync) {
    const prepare = (sql: string): StatementSync => {
      const statement = database.prepare(sql);
      statement.setReturnArrays(true);
      return statement;
    };
    this.#insert = prepare('INSERT INTO blocks(number, block, annex, checksum) VALUES(?, ?, ?, ?)');
    this.#select = prepare('SELECT block FROM blocks WHERE number = ?');
    this.#selectAnnex = prepare('SELECT annex, checksum FROM blocks WHERE number = ?');
    // The earliest occurrence of a transaction id answers for it.
    this.#insertTransaction = prepare('INSERT OR IGNORE INTO transactions VALUES(?, ?, ?, ?)');
    this.#selectTransaction = prepare('SELECT block, tx, code FROM transactions WHERE tx_id = ?');
    this.#insertHistory = prepare('INSERT INTO history VALUES(?, ?, ?, ?)');
    this.#selectHistory = prepare(
      'SELECT block, tx FROM history WHERE space = ? AND key = ? AND block < ? ORDER BY block DESC, tx DESC',
    );
    const top = database.prepare('SELECT max(number) AS top FROM blocks').get()?.['top'];
    this.#height = typeof top === 'number' ? top + 1 : 0;
  }

  /** Number of blocks. */
  get height(): number {
    return this.#height;
  }

  read(blockNumber: number): Buffer | undefined {
    const recent = this.#recent.get(String(blockNumber));
    if (recent !== undefined) return recent;
    const row = this.#select.get(blockNumber) as unknown[] | undefined;
    return row === undefined ? undefined : asBuffer(row[0]);
  }

  /** What is kept beside a block and cannot be derived from it; undefined when it is not what was written. */
  annex(blockNumber: number): Buffer | undefined {
    const row = this.#selectAnnex.get(blockNumber) as unknown[] | undefined;
    if (row === undefined) return undefined;
    const annex = asBuffer(row[0]);
    return sha256(annex).equals(asBuffer(row[1])) ? annex : undefined;
  }

  transaction(txId: string): (TransactionStatus & { readonly tx: number }) | undefined {
    const row = this.#selectTransaction.get(Buffer.from(txId, 'utf8')) as unknown[] | undefined;
    if (row === undefined) return undefined;
    return { blockNumber: asNumber(row[0]), tx: asNumber(row[1]), code: asNumber(row[2]) };
  }

  /** Newest first: the valid transactions below a height that wrote a public key. */
  history(space: Space, key: string, height: number): Version[] {
    const rows = this.#selectHistory.all(
      space.id,
      Buffer.from(key, 'utf8'),
      height,
    ) as unknown as unknown[][];
    return rows.map((row) => ({ block: asNumber(row[0]), tx: asNumber(row[1]) }));
  }

  /** To be called inside the block's database transaction, as are the two after it. */
  write(blockNumber: number, block: Buffer, annex: Buffer): void {
    this.#insert.run(blockNumber, block, annex, sha256(annex));
  }

  writeTransaction(txId: string, blockNumber: number, tx: number, code: number): void {
    this.#insertTransaction.run(Buffer.from(txId, 'utf8'), blockNumber, tx, code);
  }

  writeHistory(space: Space, key: string, { block, tx }: Version): void {
    this.#insertHistory.run(space.id, Buffer.from(key, 'utf8'), block, tx);
  }

  /** Moves the tip past a block whose database transaction is committed. */
  advance(blockNumber: number, block: Buffer): void {
    this.#recent.set(String(blockNumber), block);
    this.#height = blockNumber + 1;
  }
}
