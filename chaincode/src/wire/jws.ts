import { createPublicKey, verify, type KeyObject } from 'node:crypto';
import { decodeBase64Url } from './base64url.js';
import { derSignature } from './der-signature.js';
import { thumbprintOf, type PublicJwk } from './values/member.js';

/** A compact JWS (RFC 7515 section 7.1) taken apart and nothing more: its signature is not verified. */
export interface CompactJws {
  readonly kid: string;
  readonly claims: unknown;
  /** What the signature is over. */
  readonly signed: string;
  /** `r || s`, 32 bytes each (RFC 7518 section 3.4). */
  readonly signature: Uint8Array;
}

const SIGNATURE_BYTES = 64;

/**
 * Takes a compact JWS apart whose header is exactly `{alg: "ES256", typ, kid}`: no other algorithm, no
 * embedded key, no `crit`, nothing more and nothing less (RFC 8725 sections 3.1 and 3.11).
 * @returns undefined for everything else
 */
export function openCompactJws(jws: string, typ: string, maxLength: number): CompactJws | undefined {
  if (jws.length > maxLength) return undefined;
  const first = jws.indexOf('.');
  const second = jws.indexOf('.', first + 1);
  if (first < 1 || second < 0) return undefined;
  const kid = kidOfHeader(jws.slice(0, first), typ);
  if (kid === undefined) return undefined;
  const claims = parseSegment(jws.slice(first + 1, second));
  const signature = decodeBase64Url(jws.slice(second + 1));
  if (claims === undefined || signature?.length !== SIGNATURE_BYTES) return undefined;
  return { kid, claims, signed: jws.slice(0, second), signature };
}

/**
 * ECDSA with P-256 and SHA-256 over the signing input; synchronous, since endorsers have nothing else to do.
 * OpenSSL wants the signature as DER: letting Node convert it (`ieee-p1363`) adds half of a verification.
 */
export function isSignedBy(jws: CompactJws, jwk: PublicJwk): boolean {
  const key = keyObjectOf(jwk);
  return (
    key !== undefined && verify('sha256', Buffer.from(jws.signed, 'latin1'), key, derSignature(jws.signature))
  );
}

/** Whether the coordinates are a point of the curve, so that the key can verify anything at all. */
export function isUsableJwk(jwk: PublicJwk): boolean {
  return keyObjectOf(jwk) !== undefined;
}

function parseSegment(segment: string): unknown {
  const bytes = decodeBase64Url(segment);
  if (bytes === undefined) return undefined;
  try {
    return JSON.parse(UTF8.decode(bytes)) as unknown;
  } catch {
    return undefined; // Not UTF-8 or not JSON: the caller answers for both alike.
  }
}

const UTF8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/**
 * Every request under one key has the same header text, so what it says is worth keeping. Whoever sends chooses
 * the text: only good ones of an ordinary length are kept, so that nobody fills the memory.
 */
const headers = new Map<string, string>();
const MAX_CACHED = 10_000;
const MAX_CACHED_HEADER = 256;

function kidOfHeader(segment: string, typ: string): string | undefined {
  const name = `${typ} ${segment}`;
  const known = headers.get(name);
  if (known !== undefined) return known;
  const kid = readHeader(segment, typ);
  if (kid !== undefined && segment.length <= MAX_CACHED_HEADER) remember(headers, name, kid);
  return kid;
}

function readHeader(segment: string, typ: string): string | undefined {
  const header = parseSegment(segment);
  if (typeof header !== 'object' || header === null || Array.isArray(header)) return undefined;
  const fields = new Map<string, unknown>(Object.entries(header));
  const kid = fields.get('kid');
  const pinned = fields.size === 3 && fields.get('alg') === 'ES256' && fields.get('typ') === typ;
  return pinned && typeof kid === 'string' ? kid : undefined;
}

const keyObjects = new Map<string, KeyObject | undefined>();

/** By thumbprint: making a KeyObject costs as much as a verification. */
function keyObjectOf(jwk: PublicJwk): KeyObject | undefined {
  const thumbprint = thumbprintOf(jwk);
  if (keyObjects.has(thumbprint)) return keyObjects.get(thumbprint);
  const key = importKey(jwk);
  remember(keyObjects, thumbprint, key);
  return key;
}

function importKey(jwk: PublicJwk): KeyObject | undefined {
  try {
    return createPublicKey({ key: { ...jwk }, format: 'jwk' });
  } catch {
    return undefined; // Not a point of the curve.
  }
}

function remember<Value>(cache: Map<string, Value>, name: string, value: Value): void {
  if (cache.size >= MAX_CACHED) cache.clear();
  cache.set(name, value);
}
