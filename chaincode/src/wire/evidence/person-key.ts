import { createPublicKey, verify, type KeyObject } from 'node:crypto';
import { decodeBase64Url } from '../base64url.js';
import type { PersonJwk } from '../values/subject-keys.js';

/**
 * Encodings of the points of small order of edwards25519, their sign bit left out. Under such a key a signature
 * verifies for messages that nobody signed; RFC 8032 does not refuse them, and whether OpenSSL does depends on
 * its version, which must make no difference between endorsers.
 */
const SMALL_ORDER: ReadonlySet<string> = new Set([
  '0000000000000000000000000000000000000000000000000000000000000000',
  '0100000000000000000000000000000000000000000000000000000000000000',
  '26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05',
  'c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a',
  'ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f',
  'edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f',
  'eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f',
]);

/** Whether the key can verify what somebody signed, and nothing else. */
export function isUsablePersonKey(jwk: PersonJwk): boolean {
  return importKey(jwk) !== undefined && !(jwk.kty === 'OKP' && isOfSmallOrder(jwk.x));
}

/**
 * Verifies ECDSA with P-256 and SHA-256 (signature as DER), or Ed25519 (64 bytes).
 * @returns false for whatever does not verify, well formed or not
 */
export function isSignedByPerson(jwk: PersonJwk, content: Uint8Array, signature: Uint8Array): boolean {
  const key = importKey(jwk);
  if (key === undefined) return false;
  try {
    return verify(jwk.kty === 'EC' ? 'sha256' : null, content, key, signature);
  } catch {
    return false; // OpenSSL could make nothing of the signature.
  }
}

function importKey(jwk: PersonJwk): KeyObject | undefined {
  try {
    return createPublicKey({ key: { ...jwk }, format: 'jwk' });
  } catch {
    return undefined; // Not a point of the curve.
  }
}

function isOfSmallOrder(x: string): boolean {
  const bytes = decodeBase64Url(x);
  const last = bytes?.at(-1);
  if (bytes === undefined || last === undefined) return true;
  bytes[bytes.length - 1] = last & 0x7f;
  return SMALL_ORDER.has(bytes.toString('hex'));
}
