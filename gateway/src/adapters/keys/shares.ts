import { randomBytes } from 'node:crypto';

/** Splits a secret into as many shares as are asked for; all but all of them tell nothing of it, only its length. */
export function split(secret: Uint8Array, count: number): Buffer[] {
  const shares = Array.from({ length: count - 1 }, () => randomBytes(secret.length));
  return [...shares, join([secret, ...shares])];
}

/** All shares, XORed: the secret that `split` was given. */
export function join(shares: readonly Uint8Array[]): Buffer {
  const secret = Buffer.alloc(shares[0]?.length ?? 0);
  for (const share of shares) {
    if (share.length !== secret.length) throw new RangeError('shares of different lengths');
    for (let at = 0; at < secret.length; at += 1) secret[at] = (secret[at] ?? 0) ^ (share[at] ?? 0);
  }
  return secret;
}
