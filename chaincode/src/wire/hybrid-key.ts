import { Buffer } from 'node:buffer';
import type { HybridJwk } from './values/member.js';

/** Coefficients are numbers modulo this (FIPS 203 section 2.4.1). */
const MODULUS = 3_329;
/** Three polynomials of 256 coefficients, twelve bits each. */
const POLYNOMIALS_BYTES = 1_152;

/**
 * Whether the ML-KEM-768 half of a key is one that may be encapsulated to: no coefficient is out of range (FIPS 203 section 7.2). Counted
 * here, so that all endorsers find the same whatever their library says. Every 32 bytes are a key of X25519 (RFC 7748 section 5).
 */
export function isUsableHybridJwk({ pub }: HybridJwk): boolean {
  const bytes = Buffer.from(pub, 'base64url');
  for (let at = 0; at < POLYNOMIALS_BYTES; at += 3) {
    const three = bytes.readUIntLE(at, 3);
    if ((three & 0xfff) >= MODULUS || three >> 12 >= MODULUS) return false;
  }
  return true;
}
