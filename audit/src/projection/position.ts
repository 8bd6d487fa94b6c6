/** Most transactions in a block, and most private values in a transaction, that positions have room for. */
const TRANSACTIONS = 2_000;
export const PLACES = 6_000;

/**
 * Where a value stands in the history, as one number: block, place of the transaction in it, place of the private write
 * in that. Numbers of this kind are ordered as the history is, and stay exact up to block 750,000,000.
 * @throws RangeError for what has no position
 */
export function positionOf(block: number, transaction: number, place: number): number {
  const position = (block * TRANSACTIONS + transaction) * PLACES + place;
  if (transaction >= TRANSACTIONS || place >= PLACES || !Number.isSafeInteger(position)) {
    throw new RangeError(`block ${block}, transaction ${transaction}, value ${place}: has no position`);
  }
  return position;
}

/** Smallest position of that block. */
export function startOfBlock(block: number): number {
  return block * TRANSACTIONS * PLACES;
}

export function blockOf(position: number): number {
  return Math.floor(position / (TRANSACTIONS * PLACES));
}
