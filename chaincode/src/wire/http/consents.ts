import { z } from 'zod';
import { idSchema, memberReferenceSchema, transactionSchema } from './shared.js';

const code = z.string().regex(/^[A-Za-z0-9.-]{1,64}$/, 'must be a code');

/** A member's staff saw who consented, and keeps the signed form. */
export const witnessedSchema = z.strictObject({
  kind: z.literal('witnessed'),
  form: z
    .string()
    .regex(/^[A-Za-z0-9_-]{43}$/, 'must be 32 bytes in base64url')
    .describe('SHA-256 of the signed form, base64url'),
});

export const fileConsentBody = z.strictObject({
  resource: z
    .record(z.string().max(256), z.json())
    .describe(
      'FHIR Consent; its id is kept, its subject is Patient/<subject>. Narrative and display texts are dropped',
    ),
  evidence: witnessedSchema,
});

export const consentFiled = transactionSchema
  .extend({ consent: idSchema, version: z.int().min(1), subject: idSchema, digest: z.string() })
  .meta({ id: 'ConsentFiled' });

export const withdrawConsentBody = z.strictObject({
  reason: code.optional(),
  form: z
    .string()
    .regex(/^[A-Za-z0-9_-]{43}$/, 'must be 32 bytes in base64url')
    .optional()
    .describe('SHA-256 of the signed form, base64url; absent: the clerk took it by word of mouth'),
});

export const consentWithdrawn = transactionSchema
  .extend({ consent: idSchema, withdrawnAt: z.string() })
  .meta({ id: 'ConsentWithdrawn' });

export const consentDocument = transactionSchema
  .extend({
    consent: idSchema,
    version: z.int().min(1),
    subject: idSchema,
    digest: z.string(),
    resource: z.record(z.string(), z.json()),
    evidence: z.json(),
    filedAt: z.string(),
    filedBy: memberReferenceSchema,
    withdrawal: z
      .strictObject({ at: z.string(), by: memberReferenceSchema, reason: code.optional() })
      .optional(),
  })
  .meta({ id: 'Consent' });
