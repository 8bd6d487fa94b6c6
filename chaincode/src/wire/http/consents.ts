import { z } from 'zod';
import { DISPOSITIONS } from '../../domain/study-choices.js';
import { delegatedSchema, evidenceSchema, signedSchema, witnessedSchema } from './evidence.js';
import { idSchema, memberReferenceSchema, transactionSchema } from './shared.js';

const code = z.string().regex(/^[A-Za-z0-9.-]{1,64}$/, 'must be a code');

export const fileConsentBody = z.strictObject({
  resource: z
    .record(z.string().max(256), z.json())
    .describe(
      'FHIR Consent; its id is kept, or derives from what was signed; its subject is Patient/<subject>. Narrative and display texts are dropped',
    ),
  evidence: evidenceSchema,
});

export const consentFiled = transactionSchema
  .extend({ consent: idSchema, version: z.int().min(1), subject: idSchema, digest: z.string() })
  .meta({ id: 'ConsentFiled' });

/** A clerk may take a withdrawal by word of mouth. */
const spokenSchema = witnessedSchema.extend({ form: witnessedSchema.shape.form.optional() });

export const withdrawConsentBody = z.strictObject({
  reason: code.optional(),
  collected: z
    .enum(DISPOSITIONS)
    .optional()
    .describe('of a study’s consent: what shall become of what was collected, within what the study may'),
  evidence: z
    .discriminatedUnion('kind', [spokenSchema, signedSchema, delegatedSchema])
    .optional()
    .describe('absent: the clerk took it by word of mouth'),
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
