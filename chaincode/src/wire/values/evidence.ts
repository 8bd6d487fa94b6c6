import { z } from 'zod';
import { base64UrlBytes, base64UrlText, digest, fhirId, instant, kid, pseudonym } from '../primitives.js';

/** What makes each statement another one: 128 random bits. */
export const nonce = base64UrlBytes(16);

/** Detached compact JWS (RFC 7515 appendix F): header, nothing, signature of 64 bytes. */
const detachedJws = z.string().regex(/^[A-Za-z0-9_-]{1,512}\.\.[A-Za-z0-9_-]{86}$/);

const jwsProof = z.strictObject({ method: z.literal('jws'), jws: detachedJws });

/** What a browser gives for `navigator.credentials.get` (WebAuthn section 5.2.2). */
const passkeyProof = z.strictObject({
  method: z.literal('webauthn'),
  key: kid,
  clientData: base64UrlText(2_048),
  authenticatorData: base64UrlBytes(37),
  signature: base64UrlText(72),
});

/** A signature of one of a person's registered keys over a statement (docs/architecture.md section 9). */
export const proof = z.discriminatedUnion('method', [jwsProof, passkeyProof]);
export type Proof = z.infer<typeof proof>;
export type PasskeyProof = z.infer<typeof passkeyProof>;

const signatureFields = { nonce, date: instant, proof } as const;

/** A signed statement, less what whoever verifies it knows by itself. */
export const signature = z.strictObject(signatureFields);
export type Signature = z.infer<typeof signature>;

/** A member's staff member, by pseudonym, saw it, and the member keeps a form that was signed on paper. */
export const witnessed = z.strictObject({
  kind: z.literal('witnessed'),
  by: pseudonym,
  /** SHA-256 of the form. */
  form: digest,
});
export type Witnessed = z.infer<typeof witnessed>;

/** The subject's own key signed it. */
export const signed = z.strictObject({ kind: z.literal('signed'), ...signatureFields });
export type Signed = z.infer<typeof signed>;

/** Somebody who may act for the subject did it, and that is signed or witnessed in its turn. */
export const delegated = z.strictObject({
  kind: z.literal('delegated'),
  delegation: fhirId,
  act: z.discriminatedUnion('kind', [witnessed, signed]),
});
export type Delegated = z.infer<typeof delegated>;

/** How it is known who gave, changed or withdrew something in a subject's name. */
export const evidence = z.discriminatedUnion('kind', [witnessed, signed, delegated]);
export type FiledEvidence = z.infer<typeof evidence>;

export const EVIDENCE_KINDS = ['signed', 'witnessed', 'delegated'] as const;
