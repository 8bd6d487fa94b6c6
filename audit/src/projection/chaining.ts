import type { FollowedBlock } from './followed-block.js';
import { ProjectionStopped } from './stopped.js';
import type { Checkpoint } from './tables.js';

/** Where the next block has to go on. */
export interface Tip {
  readonly height: number;
  /** Hash of the last block's header; empty before the first. */
  readonly hash: string;
}

/**
 * Holds a block that comes next against the one before it.
 * @throws ProjectionStopped
 */
export function requireNext(block: FollowedBlock, { height, hash }: Tip, ledger: string): void {
  if (block.number !== height)
    throw new ProjectionStopped('gap', height, `the peer delivered block ${block.number} in its place`);
  requireWhole(block);
  if (block.number === 0 && block.hash !== ledger)
    throw new ProjectionStopped(
      'other-ledger',
      0,
      `it is the genesis block of ledger ${block.hash}, not of ${ledger}`,
    );
  if (block.previousHash !== hash)
    throw new ProjectionStopped(
      'fork',
      block.number,
      'it goes on from another block than the one that was folded before it',
    );
}

/**
 * Holds a block against what was folded under its number.
 * @throws ProjectionStopped
 */
export function requireSame(block: FollowedBlock, number: number, hash: string | undefined): void {
  if (block.number !== number)
    throw new ProjectionStopped('gap', number, `the peer delivered block ${block.number} in its place`);
  requireWhole(block);
  if (hash !== undefined && block.hash !== hash)
    throw new ProjectionStopped(
      'changed-block',
      number,
      'the peer has another block than the one that was folded',
    );
}

/**
 * Whether a projection can go on at all.
 * @throws ProjectionStopped
 */
export function requireOwn(
  { ledger, collections, passed_over: passedOver, height }: Checkpoint,
  own: { readonly ledger: string; readonly collections: readonly string[] },
): void {
  if (height === 0) return;
  if (ledger !== own.ledger)
    throw new ProjectionStopped(
      'other-ledger',
      0,
      `the projection is of ledger ${ledger}, the peer's is ${own.ledger}`,
    );
  const missed = (JSON.parse(passedOver) as string[]).filter((one) => own.collections.includes(one));
  const lost = (JSON.parse(collections) as string[]).filter((one) => !own.collections.includes(one));
  if (missed.length > 0)
    throw new ProjectionStopped(
      'other-collections',
      height,
      `values of ${missed.join(', ')} were passed over`,
    );
  if (lost.length > 0)
    throw new ProjectionStopped('other-collections', height, `the member is in ${lost.join(', ')} no more`);
}

function requireWhole({ number, isWhole }: FollowedBlock): void {
  if (!isWhole)
    throw new ProjectionStopped(
      'changed-block',
      number,
      'its transactions do not have the hash that its header states',
    );
}
