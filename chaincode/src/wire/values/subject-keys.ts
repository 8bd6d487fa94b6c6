import { hash } from 'node:crypto';
import { z } from 'zod';
import { base64UrlBytes, base64UrlText, fhirId, instant, kid, mspId, valueSalt } from '../primitives.js';
import { evidence, signature } from './evidence.js';
import { publicJwk, thumbprintOf } from './member.js';

/** Public Ed25519 key (RFC 8037 section 2); strict, so that a private key cannot get onto the ledger. */
export const edwardsJwk = z.strictObject({
  kty: z.literal('OKP'),
  crv: z.literal('Ed25519'),
  x: base64UrlBytes(32),
});

/** Keys that a person signs with: ES256 or EdDSA. */
export const personJwk = z.discriminatedUnion('kty', [publicJwk, edwardsJwk]);
export type PersonJwk = z.infer<typeof personJwk>;

/** RFC 7638 thumbprint (RFC 8037 section 2 for Ed25519), SHA-256, base64url. */
export function personKeyId(jwk: PersonJwk): string {
  if (jwk.kty === 'EC') return thumbprintOf(jwk);
  return hash('sha256', `{"crv":"${jwk.crv}","kty":"${jwk.kty}","x":"${jwk.x}"}`, 'base64url');
}

const DOMAIN = /^(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)*[a-z](?:[a-z0-9-]{0,61}[a-z0-9])?$/;

/** Relying party id (WebAuthn section 4): a domain. */
export const relyingPartyId = z.string().max(253).regex(DOMAIN);

/**
 * Who asks for the signature of a passkey, and from which pages. An origin is https and lies in the domain
 * (WebAuthn section 5.1.4.1 step 7); plain http is for localhost alone.
 */
export const relyingParty = z
  .strictObject({
    id: relyingPartyId,
    origins: z.array(z.string().max(300)).min(1).max(8),
  })
  .refine(({ id, origins }) => origins.every((origin) => isOriginOf(origin, id)), { path: ['origins'] });
export type RelyingParty = z.infer<typeof relyingParty>;

function isOriginOf(origin: string, id: string): boolean {
  const url = URL.parse(origin);
  if (url?.origin !== origin) return false;
  if (url.protocol !== 'https:' && !(url.protocol === 'http:' && url.hostname === 'localhost')) return false;
  return url.hostname === id || url.hostname.endsWith(`.${id}`);
}

/** A key that an application of the subject's holds. */
const plainKey = z.strictObject({ kind: z.literal('jwk'), jwk: personJwk });

/** A passkey: what an authenticator made for one relying party. */
const passkey = z.strictObject({
  kind: z.literal('passkey'),
  /** Credential id, which browsers need to find the passkey. */
  credential: base64UrlText(1_023),
  /** COSE_Key (RFC 9052 section 7), as the authenticator gave it. */
  cose: base64UrlText(128),
  relyingParty,
});

/** A key as it is given for registration. */
export const givenKey = z.discriminatedUnion('kind', [plainKey, passkey]);
export type GivenKey = z.infer<typeof givenKey>;

/**
 * Private value `key`: a key that somebody signs with, written once and never changed, so that nobody can
 * hold up what is signed with it by changing it.
 */
export const subjectKey = z.strictObject({
  v: z.literal(1),
  salt: valueSalt,
  subject: fhirId,
  key: kid,
  jwk: personJwk,
  /** Absent: a key that signs JWS. */
  passkey: z.strictObject({ credential: base64UrlText(1_023), relyingParty }).exactOptional(),
  /** The key whose place it takes, and which ended with its registration. */
  replaces: kid.exactOptional(),
  /** Who says that it is the subject's. */
  evidence,
  /** Whoever registered it could sign with it. */
  possession: signature,
  registeredAt: instant,
  /** MSP id. */
  registeredBy: mspId,
});
export type SubjectKey = z.infer<typeof subjectKey>;

/** Private value `keyend`: from then on the key signs nothing; written once. */
export const keyEnd = z.strictObject({
  v: z.literal(1),
  salt: valueSalt,
  subject: fhirId,
  key: kid,
  reason: z.enum(['replaced', 'revoked']),
  evidence,
  endedAt: instant,
  /** MSP id. */
  endedBy: mspId,
});
export type KeyEnd = z.infer<typeof keyEnd>;

/** Sign counter of an authenticator (WebAuthn section 6.1.1). */
export const signCount = z.int().min(0).max(0xffffffff);

/** Private value `keycount`: the highest sign counter that was seen of a passkey whose authenticator counts. */
export const keyCount = z.strictObject({
  v: z.literal(1),
  salt: valueSalt,
  subject: fhirId,
  key: kid,
  count: signCount,
});
export type KeyCount = z.infer<typeof keyCount>;
