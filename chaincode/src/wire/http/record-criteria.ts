import { z } from 'zod';

const word = z.string().regex(/^[!-~]{1,256}$/);

/** What of somebody's records is meant, in searches and for cohorts alike. */
export const recordCriteria = {
  resourceType: z
    .string()
    .regex(/^[A-Z][A-Za-z]{1,63}$/, 'must be a type of resource')
    .optional(),
  codes: z
    .array(z.strictObject({ system: word, code: word }))
    .min(1)
    .max(20)
    .optional()
    .describe('one of these is what it is about, or its class'),
} as const;
