import type { DeliveredTransaction } from '../../history/delivered-block.js';

/** A private value with its place in the history. */
export interface ValueAt {
  readonly position: number;
  readonly block: number;
  readonly transaction: DeliveredTransaction;
  readonly collection: string;
  /** MSP id of the custodian whose collection it is in. */
  readonly custodian: string;
  readonly key: string;
  /** SHA-256 of the key, base64url. */
  readonly keyHash: string;
  readonly value: Buffer;
  /** Place of another private write of the same transaction, by the SHA-256 of its key (latin1). */
  readonly placeOf: (keyHash: string) => number | undefined;
}

interface Schema<Value> {
  safeParse(value: unknown): { readonly success: boolean; readonly data?: Value };
}

/** Undefined for what endorsers let through and is not of its kind. */
export function parseValue<Value>(schema: Schema<Value>, { value }: ValueAt): Value | undefined {
  try {
    return schema.safeParse(JSON.parse(value.toString('utf8'))).data;
  } catch {
    return undefined; // Not JSON.
  }
}

export function base64Url(latin1: string): string {
  return Buffer.from(latin1, 'latin1').toString('base64url');
}
