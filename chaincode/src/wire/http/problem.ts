import { z } from 'zod';

/** RFC 9457 problem details: what every refusal over HTTP looks like. */
export const problemSchema = z
  .strictObject({
    type: z.string().describe('urn:consent-ledger:problem:<code>'),
    title: z.string().describe('the same for every problem of this code'),
    status: z.int().min(400).max(599),
    code: z.string().describe('stable; docs/errors.md says what each means and what to do'),
    detail: z.string().optional().describe('what to do about it'),
    instance: z
      .string()
      .optional()
      .describe('urn:uuid:<id of the request>, as in the log and in X-Request-Id'),
    errors: z
      .array(
        z.strictObject({
          path: z.string().describe('JSON path or FHIRPath of what is wrong'),
          message: z.string(),
          readings: z.array(z.string()).optional().describe('where the text can be read two ways: both'),
        }),
      )
      .optional(),
    conflicts: z
      .array(
        z.strictObject({
          permit: z.string().describe('FHIRPath of the permit in the consent that was to be filed'),
          deny: z.strictObject({
            consent: z.string(),
            version: z.int(),
            path: z.string().describe('FHIRPath of the deny in that consent'),
          }),
          question: z
            .record(z.string(), z.json())
            .describe('one question to which the first says permit and the second deny'),
        }),
      )
      .optional()
      .describe('denies in force that would silently defeat what a consent permits'),
    event: z.string().optional().describe('key of the access event that holds this refusal'),
    transaction: z.string().optional(),
    block: z.int().optional(),
  })
  .meta({ id: 'Problem' });

export type ProblemDocument = z.infer<typeof problemSchema>;

export const PROBLEM_MEDIA_TYPE = 'application/problem+json';
