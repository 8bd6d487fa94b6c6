import { Buffer } from 'node:buffer';
import { encodeBase64Url } from '../base64url.js';
import type { PersonJwk } from '../values/subject-keys.js';

/*
 * COSE_Key (RFC 9052 section 7, RFC 9053 sections 7.1 and 7.2) in the one form that WebAuthn permits (section
 * 6.5.1.1: CTAP2 canonical CBOR, `alg`, and no other optional parameter). So each key is one text of bytes, and needs
 * no parser of CBOR.
 */

/** map(5) {1: 2 (EC2), 3: -7 (ES256), -1: 1 (P-256), -2: bytes(32)... */
const ES256_HEAD = Buffer.from('a5010203262001215820', 'hex');
/** ...-3: bytes(32)} */
const ES256_Y = Buffer.from('225820', 'hex');
/** map(4) {1: 1 (OKP), 3: -8 (EdDSA), -1: 6 (Ed25519), -2: bytes(32)} */
const EDDSA_HEAD = Buffer.from('a4010103272006215820', 'hex');

const COORDINATE = 32;

/** The key, or undefined for other algorithms, other encodings and everything else. */
export function readCoseKey(bytes: Uint8Array): PersonJwk | undefined {
  const given = Buffer.from(bytes);
  const x = encodeBase64Url(given.subarray(ES256_HEAD.length, ES256_HEAD.length + COORDINATE));
  if (given.equals(Buffer.concat([EDDSA_HEAD, Buffer.from(x, 'base64url')])) && isWhole(x)) {
    return { kty: 'OKP', crv: 'Ed25519', x };
  }
  const y = encodeBase64Url(given.subarray(ES256_HEAD.length + COORDINATE + ES256_Y.length));
  const es256 = Buffer.concat([
    ES256_HEAD,
    Buffer.from(x, 'base64url'),
    ES256_Y,
    Buffer.from(y, 'base64url'),
  ]);
  if (given.equals(es256) && isWhole(x) && isWhole(y)) return { kty: 'EC', crv: 'P-256', x, y };
  return undefined;
}

function isWhole(coordinate: string): boolean {
  return Buffer.from(coordinate, 'base64url').length === COORDINATE;
}
