import { z } from 'zod';
import { ERASURE_GROUNDS } from '../values/erasures.js';
import { idSchema, transactionSchema } from './shared.js';

const ground = z
  .enum(ERASURE_GROUNDS)
  .describe('GDPR article 17 (1) (a) to (e), the end of the retention period, or a mistake');
const reference = z
  .string()
  .regex(/^[A-Za-z0-9.-]{1,64}$/, 'must be a code')
  .describe('of the case in which the custodian keeps who asked for it and who decided; never a name');

export const eraseSubjectBody = z.strictObject({ ground, reference });

export const erasureRecorded = transactionSchema
  .extend({
    subject: idSchema,
    ground,
    reference,
    at: z.string(),
    remaining: z
      .int()
      .min(0)
      .describe('values that came late and are still to be purged; none of them can be read'),
  })
  .meta({ id: 'Erasure' });
