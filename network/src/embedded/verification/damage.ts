import { headerHash, readBlock, WireFormatError } from '../../wire-format/index.js';
import type { BlockStore } from '../store/block-store.js';
import { MalformedRow } from '../store/columns.js';
import { damaged, explainSqlite } from '../store/store-error.js';
import type { TipWitness } from '../store/tip-witness.js';
import { Mismatch } from './mismatch.js';

/** Milliseconds of verification after which others get a turn. */
const TURN_MS = 50;

/**
 * Goes through a verification that yields a number a block, and gives others a turn now and then.
 * @param onProgress Called at every turn, and at the end, with the number of blocks that are done.
 * @throws StoreError naming the block.
 */
export async function inTurns<T>(
  verification: Generator<number, T>,
  folder: string,
  onProgress?: (verified: number) => void,
): Promise<T> {
  let current = 0;
  try {
    let turn = performance.now();
    for (;;) {
      const { value, done } = verification.next();
      if (done === true) {
        onProgress?.(current);
        return value;
      }
      current = value + 1;
      if (performance.now() - turn < TURN_MS) continue;
      onProgress?.(current);
      await new Promise((resolve) => setImmediate(resolve));
      turn = performance.now();
    }
  } catch (error) {
    throw explainDamage(error, folder, current);
  }
}

/** @param current The block that was being verified. */
export function explainDamage(error: unknown, folder: string, current: number): unknown {
  if (error instanceof Mismatch) return damaged(folder, error.block, error.message, error);
  if (error instanceof WireFormatError) return damaged(folder, current, 'its bytes cannot be read', error);
  if (error instanceof MalformedRow) return damaged(folder, current, error.message, error);
  return explainSqlite(error, folder, current);
}

/** A database that was cut back to an earlier block is consistent in itself. */
export function requireWitnessedTip(blocks: BlockStore, witness: TipWitness, folder: string): void {
  const last = witness.last();
  if (last === undefined) return;
  const stored = blocks.read(last.number);
  if (stored === undefined) {
    throw damaged(
      folder,
      blocks.height,
      `it was committed and is missing, as is all up to block ${last.number}`,
    );
  }
  if (!headerHash(readBlock(stored).header).equals(last.headerHash)) {
    throw damaged(folder, last.number, 'another block was committed in its place');
  }
}
