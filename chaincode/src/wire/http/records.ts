import { z } from 'zod';
import { qualityCounts } from './quality.js';
import { idSchema, purposeSchema, repeatable, transactionSchema } from './shared.js';

const text = z.string().regex(/^[!-~]{1,256}$/);
const coding = z.strictObject({ system: text, code: text });
const codings = z.array(coding).max(200);
const reference = z.string().regex(/^[A-Za-z]{1,40}\/[A-Za-z0-9.-]{1,64}$/, 'must be <resource type>/<id>');
const references = z.array(reference).max(500);
const date = z
  .string()
  .regex(
    /^\d{4}(?:-\d{2}(?:-\d{2}(?:T\d{2}:\d{2}:\d{2}(?:\.\d{1,9})?(?:Z|[+-]\d{2}:\d{2}))?)?)?$/,
    'must be a FHIR date or dateTime',
  );

/**
 * What the custodian says of a record, and consents speak about. Absent is unknown, `[]` is "none": unknown matches
 * a deny and matches no permit.
 */
export const recordFactsSchema = z
  .strictObject({
    reference: reference.optional(),
    resourceType: z
      .string()
      .regex(/^[A-Za-z]{1,64}$/)
      .optional(),
    classes: codings.optional(),
    codes: codings.optional(),
    labels: z
      .array(text)
      .max(50)
      .optional()
      .describe('security labels; [] means assessed and found without any'),
    authored: z.union([date, z.strictObject({ start: date.optional(), end: date.optional() })]).optional(),
    author: references.optional(),
    refersTo: references.optional(),
    referredToBy: references.optional(),
  })
  .meta({ id: 'RecordFacts' });

/** Header `Consent-Ledger-Descriptor`: base64url of this, as JSON. */
export const DESCRIPTOR_HEADER = 'consent-ledger-descriptor';

export const putRecordQuery = z.strictObject({
  subject: repeatable(idSchema, 8).describe('whom the record is about'),
  reason: z
    .string()
    .regex(/^[A-Za-z0-9.-]{1,64}$/, 'must be a code')
    .optional()
    .describe('why the record or its labels change; needed for every version after the first'),
});

export const recordRegistered = transactionSchema
  .extend({
    record: idSchema,
    version: z.int().min(1),
    digest: z.string().describe('SHA-256 of the content, base64url'),
    bytes: z.int().min(0),
    facts: recordFactsSchema.describe('what was registered of it'),
    quality: qualityCounts.optional(),
  })
  .meta({ id: 'RecordRegistered' });

export const getRecordQuery = z.strictObject({
  purpose: repeatable(purposeSchema, 8),
  emergencyReason: z
    .string()
    .regex(/^[A-Za-z0-9.-]{1,64}$/, 'must be a code')
    .optional(),
  legalBasis: idSchema.optional(),
});

export type RecordFactsInput = z.infer<typeof recordFactsSchema>;
