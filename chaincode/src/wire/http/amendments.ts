import { z } from 'zod';
import { amendedFinding, AMENDMENT_GROUNDS } from '../values/amendments.js';
import { MAX_TOLD } from '../commands/amendments.js';
import { eventKey } from '../primitives.js';
import { idSchema, memberReferenceSchema, pageOf, transactionSchema } from './shared.js';

/** Words about a person: sealed at the custodian's gateway, and nowhere else. */
const words = z
  .string()
  .min(1)
  .max(8_000)
  .regex(/^[^\p{Cc}\p{Cs}]*(?:[\n\t\r][^\p{Cc}\p{Cs}]*)*$/u, 'must be plain text')
  .describe('in words; kept sealed at this gateway, never on the ledger');

export const requestAmendmentBody = z
  .strictObject({
    subject: idSchema,
    record: idSchema,
    version: z.int().min(1).optional().describe('that is wrong; absent: the newest'),
    requestedBy: z
      .enum(['subject', 'custodian'])
      .default('subject')
      .describe('in whose name: of the subject or who acts for them, or the custodian’s own'),
    finding: amendedFinding.optional().describe('of a data quality report, from which it starts'),
    text: words,
  })
  .meta({ id: 'AmendmentRequest' });

export const amendmentTextBody = z.strictObject({ text: words });

export const answerAmendmentBody = z
  .discriminatedUnion('outcome', [
    z.strictObject({
      outcome: z.literal('accepted'),
      version: z.int().min(1).describe('of the record, in which the amendment is made'),
    }),
    z.strictObject({
      outcome: z.literal('denied'),
      ground: z.enum(AMENDMENT_GROUNDS).describe('45 CFR 164.526(a)(2)(i) to (iv)'),
      text: words,
    }),
  ])
  .meta({ id: 'AmendmentAnswer' });

export const disagreementBody = z
  .strictObject({ text: words.optional() })
  .describe(
    'with a text: the statement of disagreement; without: that request and denial go with disclosures',
  );

export const toldBody = z.strictObject({
  events: z
    .array(eventKey)
    .min(1)
    .max(MAX_TOLD)
    .refine((events) => new Set(events).size === events.length, 'must not name an event twice')
    .describe('of the accesses by which those had the record who have now been told'),
});

export const AMENDMENT_STATUSES = ['open', 'overdue', 'answered', 'all'] as const;

export const listAmendmentsQuery = z.strictObject({
  custodian: memberReferenceSchema.optional(),
  status: z.enum(AMENDMENT_STATUSES).default('open').describe('`open` holds those that are overdue, too'),
  subject: idSchema.optional(),
  record: idSchema.optional(),
  ...pageOf(/^\d{1,15}\.[A-Za-z0-9.-]{1,64}$/),
});

const said = z.strictObject({ at: z.string(), text: z.string().optional() });

export const amendmentDocument = z
  .strictObject({
    amendment: idSchema,
    custodian: memberReferenceSchema,
    subject: idSchema,
    record: idSchema,
    version: z.int().min(1),
    requestedBy: z.enum(['subject', 'custodian']),
    finding: amendedFinding.optional(),
    request: said.describe('`text` only at the custodian, for its own staff'),
    dueAt: z.string(),
    isOverdue: z.boolean(),
    extension: said.optional(),
    answer: z
      .strictObject({
        outcome: z.enum(['accepted', 'denied']),
        at: z.string(),
        version: z.int().optional(),
        ground: z.enum(AMENDMENT_GROUNDS).optional(),
        text: z.string().optional(),
      })
      .optional(),
    disagreement: said.optional(),
    rebuttal: said.optional(),
    inclusion: z.strictObject({ at: z.string() }).optional(),
    transaction: z.string(),
    block: z.int(),
  })
  .meta({ id: 'Amendment' });

export type AmendmentDocument = z.infer<typeof amendmentDocument>;

export const amendmentPage = z
  .strictObject({
    amendments: z.array(amendmentDocument),
    next: z.string().optional().describe('give it as `after` for the page that follows'),
  })
  .meta({ id: 'AmendmentPage' });
export type AmendmentPage = z.infer<typeof amendmentPage>;
export type ListAmendmentsQuery = z.infer<typeof listAmendmentsQuery>;

export const amendmentLogged = transactionSchema
  .extend({ amendment: idSchema, dueAt: z.string(), status: z.enum(['open', 'accepted', 'denied']) })
  .meta({ id: 'AmendmentLogged' });

export const amendmentRecipientsQuery = z.strictObject({
  custodian: memberReferenceSchema.optional(),
  ...pageOf(/^\d{12}\.\d{5}\.\d{3}$/),
});

/** Who had the record before it was amended. */
export const amendmentRecipients = z
  .strictObject({
    recipients: z.array(
      z.strictObject({
        event: z.string(),
        member: memberReferenceSchema,
        version: z.int().min(1).describe('of the record, that was permitted'),
        at: z.string(),
        delivered: z.boolean().describe('whether the member signed that it has the whole record'),
        told: z.string().optional().describe('when they had been told of the amendment'),
      }),
    ),
    next: z.string().optional().describe('give it as `after` for the page that follows'),
  })
  .meta({ id: 'AmendmentRecipients' });
export type AmendmentRecipients = z.infer<typeof amendmentRecipients>;
