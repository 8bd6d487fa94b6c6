import { z } from 'zod';
import { idSchema, memberReferenceSchema, purposeSchema, transactionSchema, pageOf } from './shared.js';

const code = z.string().regex(/^[A-Za-z0-9.-]{1,64}$/, 'must be a code');

/** What a member's own user asks of another member, or of their own. */
export const accessRequestBody = z
  .strictObject({
    custodian: memberReferenceSchema.describe('the member that keeps the records'),
    records: z
      .array(idSchema)
      .min(1)
      .max(50)
      .refine((records) => new Set(records).size === records.length, 'must not name a record twice'),
    purpose: z.array(purposeSchema).min(1).max(8),
    emergency: z.strictObject({ reason: code }).optional().describe('with purpose BTG'),
    legalBasis: idSchema.optional(),
    study: idSchema.optional().describe('the study that it is asked for'),
  })
  .meta({ id: 'AccessRequest' });

/** Headers of an answer that is one record: where its access event stands, and what the receiver must do. */
export const EVENT_HEADERS = {
  event: 'Consent-Ledger-Event',
  transaction: 'Consent-Ledger-Transaction',
  block: 'Consent-Ledger-Block',
  version: 'Consent-Ledger-Record-Version',
  /** base64url of a JSON list. */
  obligations: 'Consent-Ledger-Obligations',
  /** Text that must go with the record (42 CFR 2.32). */
  notice: 'Consent-Ledger-Notice',
  /** Denied requests to amend the record, each `<id>;disputed` or `<id>;denied` (45 CFR 164.526(d)(5)). */
  amendments: 'Consent-Ledger-Amendments',
  /** In the place of transaction and block: SHA-256 of the custodian's entry in its emergency journal. */
  journal: 'Consent-Ledger-Journal',
} as const;

const obligation = z.looseObject({ code: z.string() });

/** First part of a multipart answer: what became of each record. */
export const accessOutcome = transactionSchema
  .partial()
  .extend({
    journal: z
      .string()
      .optional()
      .describe(
        'in the place of transaction and block: SHA-256 of the custodian’s entry in its emergency journal',
      ),
    event: z.string().describe('key of the access event'),
    custodian: memberReferenceSchema,
    records: z.array(
      z.strictObject({
        record: idSchema,
        outcome: z.enum(['permit', 'deny']),
        code: z.string(),
        version: z.int().optional(),
        mediaType: z.string().optional(),
        bytes: z.int().optional().describe('of the plaintext'),
        obligations: z.array(obligation),
        amendments: z
          .array(z.strictObject({ amendment: idSchema, isDisputed: z.boolean() }))
          .optional()
          .describe('denied requests to amend it that go with it'),
      }),
    ),
  })
  .meta({ id: 'AccessOutcome' });

export type AccessOutcome = z.infer<typeof accessOutcome>;

export const listAccessEventsQuery = z.strictObject({
  custodian: memberReferenceSchema.optional(),
  requester: memberReferenceSchema.optional(),
  subject: idSchema.optional(),
  record: idSchema.optional(),
  outcome: z.enum(['permit', 'deny']).optional(),
  ...pageOf(/^\d{12}\.\d{5}\.\d{3}$/),
});

export const accessEventSchema = transactionSchema
  .extend({
    event: z.string(),
    custodian: memberReferenceSchema,
    requester: memberReferenceSchema,
    at: z.string().describe('instant of the decision: the timestamp of the transaction'),
    journalledAt: z
      .string()
      .optional()
      .describe('of what was let out while the ledger was out of reach: when; `at` is when it was logged'),
    user: z.string().describe('pseudonym of the user at the requester'),
    roles: z.array(z.string()),
    purpose: z.array(z.string()),
    legalBasis: idSchema.optional().describe('the legal basis that the request named'),
    rules: z.string(),
    records: z.array(
      z.strictObject({
        record: idSchema,
        outcome: z.enum(['permit', 'deny']),
        code: z.string().describe('what the requester was told'),
        reason: z.string().describe('what was decided'),
        version: z.int().optional(),
        subjects: z.array(idSchema),
        basis: z.array(z.json()),
        obligations: z.array(obligation),
        delivered: z
          .boolean()
          .optional()
          .describe('whether the requester signed that it has the whole record'),
      }),
    ),
  })
  .meta({ id: 'AccessEvent' });

export const accessEventPage = z
  .strictObject({
    events: z.array(accessEventSchema),
    height: z.int().describe('number of blocks that this list has seen'),
    pending: z
      .int()
      .describe('private values that the own peer does not have yet: what they hold is not in this list'),
    next: z
      .string()
      .optional()
      .describe('give it as `after` for the page that follows; absent: this is the end'),
  })
  .meta({ id: 'AccessEventPage' });

export type AccessEventDocument = z.infer<typeof accessEventSchema>;
export type AccessEventPage = z.infer<typeof accessEventPage>;
export type AccessRequestInput = z.infer<typeof accessRequestBody>;
export type ListAccessEventsQuery = z.infer<typeof listAccessEventsQuery>;
