import { createHash, generateKeyPairSync } from 'node:crypto';

/** A gateway's own public key on P-256, as it is registered on the ledger. */
export interface PublicJwk {
  readonly kty: 'EC';
  readonly crv: 'P-256';
  readonly x: string;
  readonly y: string;
  /** RFC 7638 thumbprint. */
  readonly kid: string;
  readonly use: 'sig' | 'enc';
  readonly alg: 'ES256' | 'ECDH-ES+A256KW';
}

export interface PrivateJwk extends PublicJwk {
  readonly d: string;
}

/** Makes a key: `sig` for request objects and receipts, `enc` to receive record keys. */
export function createApplicationKey(use: PublicJwk['use']): {
  privateJwk: PrivateJwk;
  publicJwk: PublicJwk;
} {
  const { x, y, d } = generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey.export({ format: 'jwk' });
  if (x === undefined || y === undefined || d === undefined)
    throw new Error('the key was not exported as a JWK');
  const publicJwk: PublicJwk = {
    kty: 'EC',
    crv: 'P-256',
    x,
    y,
    kid: thumbprint(x, y),
    use,
    alg: use === 'sig' ? 'ES256' : 'ECDH-ES+A256KW',
  };
  return { publicJwk, privateJwk: { ...publicJwk, d } };
}

/** RFC 7638, section 3: the required members in the order of their names, without white space. */
export function thumbprint(x: string, y: string): string {
  return createHash('sha256')
    .update(JSON.stringify({ crv: 'P-256', kty: 'EC', x, y }))
    .digest('base64url');
}
