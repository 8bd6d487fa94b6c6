import { hash } from 'node:crypto';
import { z } from 'zod';
import { base64UrlBytes, kid, ledgerId, memberName, mspId } from '../primitives.js';

export const MEMBER_KINDS = ['hospital', 'sponsor', 'auditor', 'regulator'] as const;
export type MemberKind = (typeof MEMBER_KINDS)[number];

/** Oversight organisations read every collection; they are never custodians. */
export function isOversightKind(kind: MemberKind): boolean {
  return kind === 'auditor' || kind === 'regulator';
}

/** Public P-256 key (RFC 7518 section 6.2); strict, so that a private key cannot get onto the ledger. */
export const publicJwk = z.strictObject({
  kty: z.literal('EC'),
  crv: z.literal('P-256'),
  x: base64UrlBytes(32),
  y: base64UrlBytes(32),
});
export type PublicJwk = z.infer<typeof publicJwk>;

/**
 * Public key of MLKEM768-X25519 (X-Wing; draft-ietf-hpke-pq), to whom record keys are wrapped by HPKE with SHAKE256 and AES-256-GCM: `HPKE-10` of
 * draft-skokan-jose-hpke-pq-pqt. `pub` is the key of ML-KEM-768 (1184 bytes), then that of X25519 (32).
 */
export const hybridJwk = z.strictObject({
  kty: z.literal('AKP'),
  alg: z.literal('HPKE-10'),
  pub: base64UrlBytes(1_216),
});
export type HybridJwk = z.infer<typeof hybridJwk>;

/** What record keys may be wrapped for. */
export const encryptionJwk = z.discriminatedUnion('kty', [publicJwk, hybridJwk]);
export type EncryptionJwk = z.infer<typeof encryptionJwk>;

/** RFC 7638 thumbprint, SHA-256, base64url; of an AKP key as draft-ietf-cose-dilithium section 6 has it. */
export function thumbprintOf(jwk: EncryptionJwk): string {
  const required =
    jwk.kty === 'EC'
      ? `{"crv":"${jwk.crv}","kty":"${jwk.kty}","x":"${jwk.x}","y":"${jwk.y}"}`
      : `{"alg":"${jwk.alg}","kty":"${jwk.kty}","pub":"${jwk.pub}"}`;
  return hash('sha256', required, 'base64url');
}

const keyStatus = z.enum(['active', 'retired']);

/**
 * A member's key. It is never removed and never comes back: `retired` ends what it may sign or open from now
 * on.
 */
export const memberKeyEntry = z
  .discriminatedUnion('use', [
    z.strictObject({ kid, use: z.literal('sig'), jwk: publicJwk, status: keyStatus }),
    z.strictObject({ kid, use: z.literal('enc'), jwk: encryptionJwk, status: keyStatus }),
  ])
  .refine((entry) => thumbprintOf(entry.jwk) === entry.kid, { path: ['kid'] });
export type MemberKeyEntry = z.infer<typeof memberKeyEntry>;

const LOOPBACK = new Set(['127.0.0.1', '[::1]', 'localhost']);

/** Address without user, query or fragment; plain http is for loopback alone. */
function address(schemes: 'https' | 'https or loopback'): z.ZodString {
  return z
    .string()
    .max(512)
    .refine((text) => {
      const url = URL.parse(text);
      if (url === null || url.username || url.password || /[?#\s]/.test(text)) return false;
      if (url.protocol === 'https:') return true;
      return schemes === 'https or loopback' && url.protocol === 'http:' && LOOPBACK.has(url.hostname);
    });
}

/** Where the member's gateway answers other gateways. */
export const gatewayAddress = address('https');

/** `iss` of the tokens that the member's gateway accepts. */
export const issuerAddress = address('https or loopback');

const memberFacts = {
  mspId,
  name: memberName,
  kind: z.enum(MEMBER_KINDS),
  displayName: z.string().regex(/^[^\p{C}]{1,120}$/u),
  gateway: gatewayAddress,
  keys: z
    .array(memberKeyEntry)
    .min(1)
    .max(64)
    .refine((keys) => new Set(keys.map((key) => key.kid)).size === keys.length),
  issuers: z.array(issuerAddress).max(16),
} as const;

/** What a member says about itself; its status is not its own to state. */
export const memberStatement = z.strictObject(memberFacts);
export type MemberStatement = z.infer<typeof memberStatement>;

/** Public value `member/<MSPID>`. */
export const member = z.strictObject({
  v: z.literal(1),
  ...memberFacts,
  status: z.enum(['active', 'suspended']),
});
export type Member = z.infer<typeof member>;

/** Public value `name/<name>`: who has that name. */
export const memberNameHolder = z.strictObject({ v: z.literal(1), mspId });
export type MemberNameHolder = z.infer<typeof memberNameHolder>;

/** Public value `ledger`. */
export const ledger = z.strictObject({ v: z.literal(1), id: ledgerId });
export type Ledger = z.infer<typeof ledger>;
