import type { StatementSync } from 'node:sqlite';
import type { Stores } from '../commit/committer.js';
import { countRows } from './count-rows.js';
import { Mismatch } from './mismatch.js';
import type { RederivedTransaction } from './rederive.js';

/** Compares the indexes of transaction ids and of key histories with the blocks. */
export class IndexComparison {
  readonly #stores: Stores;
  readonly #history: StatementSync;
  #transactions = 0;
  #modifications = 0;

  constructor(stores: Stores) {
    this.#stores = stores;
    this.#history = stores.database.prepare(
      'SELECT 1 FROM history WHERE space = ? AND key = ? AND block = ? AND tx = ?',
    );
  }

  block(number: number, transactions: readonly RederivedTransaction[]): void {
    for (const transaction of transactions) {
      if (transaction.txId !== '') this.#transaction(number, transaction);
      if (transaction.isValid) this.#modified(number, transaction);
    }
  }

  finish(): void {
    const { database, blocks } = this.#stores;
    if (countRows(database, 'transactions') !== this.#transactions) {
      throw new Mismatch(blocks.height - 1, 'the index of transactions names some that no block holds');
    }
    if (countRows(database, 'history') !== this.#modifications) {
      throw new Mismatch(blocks.height - 1, 'the history of keys names changes that no block holds');
    }
  }

  #transaction(number: number, { txId, index, code }: RederivedTransaction): void {
    const indexed = this.#stores.blocks.transaction(txId);
    if (indexed === undefined) throw new Mismatch(number, `transaction ${index} is missing in the index`);
    if (indexed.blockNumber === number && indexed.tx === index) {
      if (indexed.code !== code)
        throw new Mismatch(number, `the index has another code for transaction ${index}`);
      this.#transactions++;
      return;
    }
    const isEarlier = indexed.blockNumber < number || (indexed.blockNumber === number && indexed.tx < index);
    if (!isEarlier) throw new Mismatch(number, `the index has another place for transaction ${index}`);
  }

  #modified(number: number, { index, namespaces }: RederivedTransaction): void {
    for (const { namespace, public: publicSet } of namespaces) {
      const space = this.#stores.spaces.find(namespace, '');
      for (const key of new Set(publicSet.writes.map((write) => write.key))) {
        const row = space && this.#history.get(space.id, Buffer.from(key, 'utf8'), number, index);
        if (row === undefined)
          throw new Mismatch(number, `transaction ${index} is missing in the history of a key`);
        this.#modifications++;
      }
    }
  }
}
