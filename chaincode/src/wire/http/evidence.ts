import { z } from 'zod';
import { digest } from '../primitives.js';
import { proof, signature, signed } from '../values/evidence.js';
import { idSchema } from './shared.js';

const form = digest.describe('SHA-256 of the form that was signed on paper, base64url');

/** A member's staff saw who did it; whose pseudonym is noted, the gateway knows. */
export const witnessedSchema = z.strictObject({ kind: z.literal('witnessed'), form });

export const signatureSchema = signature
  .describe('nonce and date of the statement that was signed (POST /v1/statements), and the signature')
  .meta({ id: 'Signature' });

export const signedSchema = signed
  .describe("signed by a registered key of the subject's")
  .meta({ id: 'SignedEvidence' });

export const delegatedSchema = z
  .strictObject({
    kind: z.literal('delegated'),
    delegation: idSchema,
    act: z.discriminatedUnion('kind', [witnessedSchema, signedSchema]),
  })
  .describe('done by whoever a delegation names, and witnessed or signed by their key');

/** How it is known who wants what is done in a subject's name. */
export const evidenceSchema = z
  .discriminatedUnion('kind', [witnessedSchema, signedSchema, delegatedSchema])
  .meta({ id: 'Evidence' });
export type EvidenceInput = z.infer<typeof evidenceSchema>;

/** What no delegate does. */
export const ownEvidenceSchema = z
  .discriminatedUnion('kind', [witnessedSchema, signedSchema])
  .meta({ id: 'OwnEvidence' });

/** Whose proof a statement needs: keys that can sign it now. */
export const signingKeySchema = z.strictObject({
  key: z.string().describe('kid'),
  method: z.enum([proof.options[0].shape.method.value, proof.options[1].shape.method.value]),
  credential: z.string().optional().describe('credential id of a passkey, for `allowCredentials`'),
  relyingParty: z.string().optional().describe('`rpId` of a passkey'),
});
