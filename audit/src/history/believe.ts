import { hash } from 'node:crypto';
import type { DeliveredTransaction } from './delivered-block.js';

/** A private value is not the one whose hash the block holds: whoever delivered it altered it. */
export class AlteredValue extends Error {
  override readonly name = 'AlteredValue';

  constructor(
    readonly block: number,
    /** Place in the block. */
    readonly transaction: number,
    readonly collection: string,
  ) {
    super(`block ${block}, transaction ${transaction}: a value of ${collection} is not what was hashed`);
  }
}

/** A private write as the block has it, with the value where it was delivered and is what was hashed. */
export interface PrivateWrite {
  readonly collection: string;
  /** SHA-256 of the key, latin1. */
  readonly keyHash: string;
  /** Deleted or purged. */
  readonly isDelete: boolean;
  /** Key and value in clear. */
  readonly known?: { readonly key: string; readonly value: Buffer };
}

/** A private write whose delivered value may not be what was hashed; then it has none. */
export interface ComparedWrite extends PrivateWrite {
  readonly isAltered: boolean;
}

/**
 * The private writes of a valid transaction, each value held against its hash. Values for which the block holds no
 * hash were endorsed by nobody and are left out.
 */
export function compare(transaction: DeliveredTransaction, chaincode: string): ComparedWrite[] {
  const delivered = new Map<string, { key: string; value: Buffer }>();
  for (const { namespace, collection, key, keyHash, value } of transaction.values) {
    if (namespace === chaincode) delivered.set(`${collection}\0${keyHash}`, { key, value });
  }
  return transaction.writes
    .filter(({ namespace, collection }) => namespace === chaincode && collection !== '')
    .map(({ collection, key: keyHash, isDelete, value: valueHash }) => {
      const known = isDelete ? undefined : delivered.get(`${collection}\0${keyHash}`);
      const isAltered = known !== undefined && !hash('sha256', known.value, 'buffer').equals(valueHash);
      return {
        collection,
        keyHash,
        isDelete,
        isAltered,
        ...(known !== undefined && !isAltered && { known }),
      };
    });
}

/**
 * What {@link compare} gives, where nothing is altered.
 * @throws AlteredValue
 */
export function believe(block: number, transaction: DeliveredTransaction, chaincode: string): PrivateWrite[] {
  const writes = compare(transaction, chaincode);
  const altered = writes.find(({ isAltered }) => isAltered);
  if (altered !== undefined) throw new AlteredValue(block, transaction.index, altered.collection);
  return writes;
}
