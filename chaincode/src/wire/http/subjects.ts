import { z } from 'zod';
import { idSchema, transactionSchema } from './shared.js';

/** Nothing about a person is asked for: whose pseudonym it is, the caller keeps. */
export const registerSubjectBody = z.strictObject({});

export const subjectRegistered = transactionSchema
  .extend({ subject: idSchema.describe('the pseudonym; consents name Patient/<subject>') })
  .meta({ id: 'SubjectRegistered' });
