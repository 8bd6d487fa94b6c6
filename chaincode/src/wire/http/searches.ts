import { z } from 'zod';
import { recordCriteria } from './record-criteria.js';
import { recordFactsSchema } from './records.js';
import { idSchema, loggedEvent, memberReferenceSchema, purposeSchema, transactionSchema } from './shared.js';

const code = z.string().regex(/^[A-Za-z0-9.-]{1,64}$/, 'must be a code');
const date = z
  .string()
  .regex(
    /^\d{4}(?:-\d{2}(?:-\d{2}(?:T\d{2}:\d{2}:\d{2}(?:\.\d{1,9})?(?:Z|[+-]\d{2}:\d{2}))?)?)?$/,
    'must be a FHIR date or dateTime',
  );
const cursor = z.string().regex(/^[A-Za-z0-9_-]{1,512}$/, 'must be `next` of a page');
const listed = recordFactsSchema.pick({
  resourceType: true,
  classes: true,
  codes: true,
  authored: true,
  labels: true,
});

/** What a member's own user looks for at a custodian. */
export const searchBody = z
  .strictObject({
    custodian: memberReferenceSchema.describe('the member that keeps the records'),
    person: z
      .string()
      .regex(
        /^[A-Za-z0-9._/-]{1,1024}$/,
        'must be slip/<id of a slip>, link/<what the subject shows>, found/<what $match answered>, or subject/<pseudonym> at the own house',
      )
      .describe(
        'whose records: `slip/<id>` of a slip that names this member; `link/...` that the subject shows; `found/...` that `Patient/$match` answered this user; at the own house `subject/<pseudonym>`',
      ),
    purpose: z.array(purposeSchema).min(1).max(8),
    ...recordCriteria,
    authored: z
      .strictObject({ start: date.optional(), end: date.optional() })
      .optional()
      .describe('some of it is of this time; the end includes its last instant'),
    limit: z.int().min(1).max(50).default(50),
    after: cursor.optional().describe('`next` of the page before'),
    emergency: z.strictObject({ reason: code }).optional().describe('with purpose BTG'),
    legalBasis: idSchema.optional(),
  })
  .meta({ id: 'Search' });

const listedRecord = listed.extend({
  record: idSchema,
  version: z.int().min(1),
  mediaType: z.string(),
  bytes: z.int().min(0).describe('of the plaintext'),
});

export const searchAnswered = transactionSchema
  .extend({
    event: z.string().describe('key of the access event'),
    custodian: memberReferenceSchema,
    records: z
      .array(listedRecord.extend({ obligations: z.array(z.looseObject({ code: z.string() })) }))
      .describe('what the user may know of, newest first'),
    next: cursor.optional().describe('give it as `after` for more; absent: there is nothing more to tell'),
  })
  .meta({ id: 'SearchAnswered' });

/** Between gateways: what a custodian answers to a signed search. */
export const listingAnswer = z
  .strictObject({
    event: loggedEvent,
    records: z.array(listedRecord).max(50),
    next: cursor.optional(),
  })
  .meta({ id: 'ListingAnswer' });

export type ListedRecord = z.infer<typeof listedRecord>;
export type ListingAnswer = z.infer<typeof listingAnswer>;
export type SearchAnswered = z.infer<typeof searchAnswered>;
