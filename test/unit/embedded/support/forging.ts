import { openStores } from '@consent-ledger/network/internal/embedded/open-stores';
import { commitHash } from '@consent-ledger/network/internal/embedded/state/commit-hash';
import { rederiveUpdates } from '@consent-ledger/network/internal/embedded/verification/rederive';
import {
  encodeBlock,
  encodeMetadata,
  MetadataSlot,
  readBlock,
  readMetadata,
  type Block,
} from '@consent-ledger/network/internal/wire-format/index';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { CHAINCODE } from './consortium.js';

/** The one key that the forged transaction writes, with the value 'v'. */
export const FORGED_KEY = 'forged';

/**
 * Gives the second transaction of the last block another code, with all that follows from it: what whoever has the files
 * of a ledger can do without any key.
 */
export function forge(folder: string, number: number, code: number): void {
  const database = new DatabaseSync(join(folder, 'ledger.db'));
  const { blocks, spaces } = openStores(database);
  const read = (at: number): Block => readBlock(blocks.read(at) ?? Buffer.alloc(0));
  const block = read(number);
  const filter = Buffer.from([0, code]);
  const previous = readMetadata(read(number - 1).metadata[MetadataSlot.COMMIT_HASH] ?? Buffer.alloc(0));
  const metadata = block.metadata.slice();
  metadata[MetadataSlot.TRANSACTIONS_FILTER] = filter;
  const { updates, transactions } = rederiveUpdates({ ...block, metadata }, []);
  metadata[MetadataSlot.COMMIT_HASH] = encodeMetadata(commitHash(filter, updates, previous.value));
  database
    .prepare('UPDATE blocks SET block = ? WHERE number = ?')
    .run(encodeBlock({ ...block, metadata }), number);
  database
    .prepare('UPDATE transactions SET code = ? WHERE tx_id = ?')
    .run(code, Buffer.from(transactions[1]?.txId ?? ''));
  if (code === 0) {
    const space = spaces.find(CHAINCODE, '')?.id ?? 0;
    const key = Buffer.from(FORGED_KEY);
    database
      .prepare('INSERT INTO state VALUES(?, ?, ?, 1, ?, NULL)')
      .run(space, key, number, Buffer.from('v'));
    database.prepare('INSERT INTO history VALUES(?, ?, ?, 1)').run(space, key, number);
  }
  database.close();
}
