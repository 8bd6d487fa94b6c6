import type { DatabaseSync } from 'node:sqlite';
import { MetadataSlot, readBlock, readMetadata, type Block } from '../../wire-format/index.js';
import { commitHash } from '../state/commit-hash.js';
import type { BlockStore } from '../store/block-store.js';
import { asNumber } from '../store/columns.js';
import { Mismatch } from './mismatch.js';
import { Replay } from './replay.js';

/**
 * Judges every transaction of a ledger again and compares what comes of it with what is stored: codes, commit hashes
 * and, in the end, the state. Yields the number of each block that is done.
 * @throws Mismatch naming the block.
 */
export function* compareReplay(blocks: BlockStore, stored: DatabaseSync): Generator<number, void> {
  const genesis = readStored(blocks, 0);
  const replay = new Replay(genesis.transactions[0] ?? Buffer.alloc(0));
  try {
    let previous: Buffer = Buffer.alloc(0);
    yield 0;
    for (let number = 1; number < blocks.height; number++) {
      previous = compareBlock(replay, readStored(blocks, number), previous);
      yield number;
    }
    compareStates(stored, replay.database, blocks.height - 1);
  } finally {
    replay.close();
  }
}

function readStored(blocks: BlockStore, number: number): Block {
  const bytes = blocks.read(number);
  if (bytes === undefined) throw new Mismatch(number, 'it is missing');
  return readBlock(bytes);
}

/** @returns the block's commit hash */
function compareBlock(replay: Replay, block: Block, previous: Buffer): Buffer {
  const { number } = block.header;
  const stored = block.metadata[MetadataSlot.TRANSACTIONS_FILTER] ?? Buffer.alloc(0);
  const { codes, updates } = replay.block(number, block.transactions);
  for (const [index, code] of codes.entries()) {
    if (stored[index] === code) continue;
    throw new Mismatch(
      number,
      `transaction ${index} has the code ${String(stored[index])}, and by the rules of the channel it is ${code}`,
    );
  }
  const hash = commitHash(codes, updates, previous);
  const { value } = readMetadata(block.metadata[MetadataSlot.COMMIT_HASH] ?? Buffer.alloc(0));
  if (!value.equals(hash)) {
    throw new Mismatch(number, 'its commit hash is not that of its transactions, judged again');
  }
  return hash;
}

const STATES = [
  `SELECT namespace, collection, key, block, tx, value, metadata FROM state JOIN spaces ON space = id
    ORDER BY namespace, collection, key`,
  `SELECT namespace, collection, key_hash, block, tx, value_hash, metadata, value_block, value_tx
    FROM hashed JOIN spaces ON space = id ORDER BY namespace, collection, key_hash`,
];
const BLOCK_COLUMN = 3;

function compareStates(stored: DatabaseSync, replayed: DatabaseSync, tip: number): void {
  for (const sql of STATES) {
    const [ours, theirs] = [rows(stored, sql), rows(replayed, sql)];
    for (;;) {
      const [one, other] = [ours.next(), theirs.next()];
      if (one.done === true && other.done === true) break;
      if (one.done === true || other.done === true || !isSame(one.value, other.value)) {
        const row = (other.done === true ? one.value : other.value) as unknown[] | undefined;
        const block = row === undefined ? tip : asNumber(row[BLOCK_COLUMN]);
        throw new Mismatch(block, 'the state is not what comes of the transactions, judged again');
      }
    }
  }
}

function rows(database: DatabaseSync, sql: string): Iterator<unknown[]> {
  const statement = database.prepare(sql);
  statement.setReturnArrays(true);
  return statement.iterate() as unknown as Iterator<unknown[]>;
}

function isSame(one: unknown[], other: unknown[]): boolean {
  return one.every((value, column) => {
    const counterpart = other[column];
    return value instanceof Uint8Array && counterpart instanceof Uint8Array
      ? Buffer.compare(value, counterpart) === 0
      : value === counterpart;
  });
}
