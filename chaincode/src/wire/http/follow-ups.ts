import { z } from 'zod';
import { REVIEW_FINDINGS } from '../values/events.js';
import { idSchema, memberReferenceSchema, pageOf, transactionSchema } from './shared.js';

/** `next` of a list that is in the order of the events. */
const inOrder = pageOf(/^\d{12}\.\d{5}\.\d{3}$/);

export const EMERGENCY_STATUSES = ['open', 'overdue', 'reviewed'] as const;

export const listEmergenciesQuery = z.strictObject({
  custodian: memberReferenceSchema.optional(),
  status: z.enum(EMERGENCY_STATUSES).default('open').describe('`open` holds those that are overdue, too'),
  ...inOrder,
});

const review = z.strictObject({
  finding: z.enum(REVIEW_FINDINGS),
  reviewer: z.string().describe('pseudonym of who reviewed it, at that member'),
  by: memberReferenceSchema,
  at: z.string(),
});

export const emergencyPage = z
  .strictObject({
    emergencies: z.array(
      z.strictObject({
        id: z.string().describe('names the access in the address of its review'),
        event: z.string(),
        custodian: memberReferenceSchema,
        requester: memberReferenceSchema,
        user: z.string().describe('pseudonym of who looked, at the requester'),
        reason: z.string().optional().describe('the emergency, as who looked stated it'),
        at: z.string(),
        journalledAt: z
          .string()
          .optional()
          .describe('when, of what was let out while the ledger was out of reach'),
        reviewBy: z.string(),
        isOverdue: z.boolean(),
        subjects: z.array(idSchema),
        records: z.array(idSchema),
        review: review.optional(),
      }),
    ),
    next: z.string().optional().describe('give it as `after` for the page that follows'),
  })
  .meta({ id: 'EmergencyPage' });
export type EmergencyPage = z.infer<typeof emergencyPage>;
export type ListEmergenciesQuery = z.infer<typeof listEmergenciesQuery>;

/** The event's key without its kind. */
export const emergencyParams = z.strictObject({
  id: z.string().regex(/^[0-9a-f]{64}$/, 'must be the `id` of an emergency access'),
});

export const reviewBody = z
  .strictObject({ finding: z.enum(REVIEW_FINDINGS) })
  .meta({ id: 'EmergencyReview' });

export const emergencyReviewed = transactionSchema
  .extend({ event: z.string(), finding: z.enum(REVIEW_FINDINGS) })
  .meta({ id: 'EmergencyReviewed' });

export const listUnsettledQuery = z.strictObject({
  custodian: memberReferenceSchema.optional(),
  ...inOrder,
});

export const unsettledPage = z
  .strictObject({
    after: z.string().describe('permits since this instant may still be under way'),
    permits: z.array(
      z.strictObject({
        event: z.string(),
        custodian: memberReferenceSchema,
        requester: memberReferenceSchema,
        at: z.string(),
        records: z.array(idSchema).describe('of which nobody has signed what became of them'),
      }),
    ),
    next: z.string().optional().describe('give it as `after` for the page that follows'),
  })
  .meta({ id: 'UnsettledPage' });
export type UnsettledPage = z.infer<typeof unsettledPage>;
export type ListUnsettledQuery = z.infer<typeof listUnsettledQuery>;
