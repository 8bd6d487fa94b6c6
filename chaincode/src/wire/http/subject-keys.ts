import { z } from 'zod';
import { base64UrlText, kid } from '../primitives.js';
import { personJwk, relyingPartyId } from '../values/subject-keys.js';
import { ownEvidenceSchema, signatureSchema } from './evidence.js';
import { idSchema, memberReferenceSchema, transactionSchema } from './shared.js';

/** A key as its holder gives it. Which pages may ask for a passkey's signature is for the gateway's configuration to say. */
export const givenKeyBody = z
  .discriminatedUnion('kind', [
    z.strictObject({ kind: z.literal('jwk'), jwk: personJwk.describe('public key, P-256 or Ed25519') }),
    z.strictObject({
      kind: z.literal('passkey'),
      credential: base64UrlText(1_023).describe('credential id, base64url'),
      cose: base64UrlText(128).describe('COSE_Key of the attested credential data, base64url'),
      relyingParty: relyingPartyId
        .optional()
        .describe('`rpId` that it was made for; needed where the gateway is configured for several'),
    }),
  ])
  .meta({ id: 'SubjectKeyInput' });
export type GivenKeyInput = z.infer<typeof givenKeyBody>;

export const registerKeyBody = z.strictObject({
  key: givenKeyBody,
  evidence: ownEvidenceSchema.describe(
    'that the subject wants it: witnessed, or signed by a key that they have',
  ),
  possession: signatureSchema.describe('the new key’s own signature over the same statement'),
});

export const replaceKeyBody = registerKeyBody.extend({
  evidence: ownEvidenceSchema.describe('witnessed, or signed by the key that is replaced'),
});

export const revokeKeyBody = z.strictObject({
  evidence: ownEvidenceSchema.describe('witnessed, or signed by any key that the subject has'),
});

export const keyParams = z.strictObject({ id: idSchema, key: kid });

export const keyRegistered = transactionSchema
  .extend({ subject: idSchema, key: z.string().describe('kid: RFC 7638 thumbprint, SHA-256') })
  .meta({ id: 'SubjectKeyRegistered' });

const evidenceKind = z.enum(['signed', 'witnessed', 'delegated']);

export const keyList = z
  .strictObject({
    subject: idSchema,
    keys: z.array(
      transactionSchema.extend({
        key: z.string(),
        jwk: personJwk,
        credential: z.string().optional(),
        relyingParty: z.string().optional(),
        replaces: z.string().optional(),
        evidence: evidenceKind,
        registeredAt: z.string(),
        registeredBy: memberReferenceSchema,
        ended: z
          .strictObject({ at: z.string(), reason: z.enum(['replaced', 'revoked']), evidence: evidenceKind })
          .optional()
          .describe('from then on it signs nothing'),
      }),
    ),
  })
  .meta({ id: 'SubjectKeyList' });
export type KeyList = z.infer<typeof keyList>;
