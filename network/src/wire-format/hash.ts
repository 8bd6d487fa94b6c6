import { createHash, hash } from 'node:crypto';

/** SHA-256 of the parts joined. */
export function sha256(first: Uint8Array | string, ...rest: readonly Uint8Array[]): Buffer {
  // By way of a string, into Node's pool of small buffers: a third of the time that a buffer of its own takes.
  if (rest.length === 0) return Buffer.from(hash('sha256', first, 'binary'), 'latin1');
  const sum = createHash('sha256').update(first);
  for (const part of rest) sum.update(part);
  return sum.digest();
}

/** Transaction id of Fabric: lower-case hex of SHA-256(nonce || creator). */
export function transactionId(nonce: Uint8Array, creator: Uint8Array): string {
  return sha256(nonce, creator).toString('hex');
}
