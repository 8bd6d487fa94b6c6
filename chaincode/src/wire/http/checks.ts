import { z } from 'zod';
import { recordFactsSchema } from './records.js';
import { idSchema, memberReferenceSchema, numberedPage, purposeSchema } from './shared.js';

/** Most questions in one call. */
export const MAX_QUESTIONS = 500;

const reference = z.string().regex(/^[A-Za-z]{1,40}\/[A-Za-z0-9.-]{1,64}$/, 'must be <resource type>/<id>');
const code = z.string().regex(/^[A-Za-z0-9.-]{1,64}$/, 'must be a code');
const role = z.string().regex(/^[a-z][a-z0-9-]{0,63}$/, 'must be a role');

const requester = z.strictObject({
  member: memberReferenceSchema,
  references: z
    .array(reference)
    .max(64)
    .optional()
    .describe('what the member would attest of the user; absent is unknown, [] is nobody'),
  roles: z.array(role).max(32).optional(),
});

function isStated(value: unknown): boolean {
  return value !== undefined;
}

/**
 * What would be decided, now, if that were asked. About a record that is held here, or about a subject and stated
 * facts.
 */
export const checkQuestion = z
  .strictObject({
    requester,
    purpose: z.array(purposeSchema).min(1).max(8),
    actions: z
      .array(z.enum(['collect', 'access', 'use', 'disclose', 'correct']))
      .min(1)
      .max(5)
      .optional()
      .describe('absent: access for the own member; access and disclose for any other, as in a release'),
    record: idSchema
      .optional()
      .describe('a record that is held here, with its subjects and registered facts'),
    subject: idSchema.optional().describe('in place of `record`: whom it would be about'),
    subjects: z
      .array(idSchema)
      .min(1)
      .max(16)
      .optional()
      .describe('in place of `subject`: the patients whom it would all be about; each must permit'),
    facts: recordFactsSchema
      .optional()
      .describe('with `subject` or `subjects`: what the record would be; what is absent is unknown'),
    emergency: z.strictObject({ reason: code }).optional(),
    legalBasis: idSchema.optional().describe('id of the legal basis that the requester would name'),
    study: idSchema.optional().describe('the study that it would be asked for'),
  })
  .refine(({ record, subject, subjects }) => [record, subject, subjects].filter(isStated).length === 1, {
    path: ['record'],
    message: 'must be there, or `subject`, or `subjects`, and one of them only',
  })
  .refine(({ subjects = [] }) => new Set(subjects).size === subjects.length, {
    path: ['subjects'],
    message: 'must name each once',
  })
  .refine(({ record, facts }) => record === undefined || facts === undefined, {
    path: ['facts'],
    message: 'must not be stated of a record that is held here',
  })
  .meta({ id: 'CheckQuestion' });

export const checksBody = z
  .strictObject({ questions: z.array(checkQuestion).min(1).max(MAX_QUESTIONS) })
  .meta({ id: 'Checks' });

const obligation = z.looseObject({ code: z.string() });

const checkAnswer = z
  .strictObject({
    outcome: z.enum(['permit', 'deny']),
    reason: z.string().describe('code of docs/consent.md'),
    explanation: z.string().describe('the same for a person to read'),
    precondition: z.string().optional().describe('what was wanting, where it denies'),
    exception: z
      .strictObject({ cites: z.string(), name: z.string() })
      .optional()
      .describe('information-blocking exception (45 CFR part 171) that the denial falls under'),
    basis: z.array(
      z.strictObject({
        consent: z.string(),
        version: z.int(),
        outcome: z.enum(['permit', 'deny', 'nothing']),
        path: z.string().optional().describe('FHIRPath of the provision that spoke'),
        evidence: z.enum(['signed', 'witnessed', 'delegated']),
      }),
    ),
    obligations: z.array(obligation),
  })
  .meta({ id: 'CheckAnswer' });

export const checksAnswered = z
  .strictObject({
    at: z.string().describe('the instant that all of it is for'),
    height: z.int().describe('number of blocks that it stands on'),
    rules: z.string(),
    checks: z.array(checkAnswer).describe('one for each question, in their order'),
  })
  .meta({ id: 'ChecksAnswered' });

export const listChecksQuery = z.strictObject({
  subject: idSchema.optional(),
  ...numberedPage,
});

/** What is kept of one question and its answer. */
export const loggedCheck = z.strictObject({
  subjects: z.array(idSchema),
  record: idSchema.optional(),
  requester: memberReferenceSchema,
  purpose: z.array(z.string()),
  outcome: z.enum(['permit', 'deny']),
  reason: z.string(),
});

export const checkPage = z
  .strictObject({
    calls: z.array(
      z.strictObject({
        at: z.string(),
        height: z.int(),
        user: z.string().describe('pseudonym of the user who checked'),
        checks: z.array(loggedCheck).describe('where `subject` is given: those about it'),
      }),
    ),
    next: z
      .string()
      .optional()
      .describe(
        'give it as `after` for the page that follows, which may be there though this one is short; absent: this is the end',
      ),
  })
  .meta({ id: 'CheckPage' });

export type CheckQuestion = z.infer<typeof checkQuestion>;
export type CheckAnswer = z.infer<typeof checkAnswer>;
export type ChecksAnswered = z.infer<typeof checksAnswered>;
export type LoggedCheck = z.infer<typeof loggedCheck>;
export type CheckPage = z.infer<typeof checkPage>;
export type ListChecksQuery = z.infer<typeof listChecksQuery>;
