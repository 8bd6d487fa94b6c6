import { z } from 'zod';
import { recordFactsSchema } from './records.js';
import { idSchema, transactionSchema } from './shared.js';

const label = z.string().regex(/^[!-~]{1,256}$/, 'must be a code');
const codedReason = z.string().regex(/^[A-Za-z0-9.-]{1,64}$/, 'must be a code');

/** Where a label of a record comes from. */
const explainedLabel = z
  .strictObject({
    label: z.string(),
    origin: z
      .enum(['record', 'stated', 'rule', 'level', 'decided', 'unknown'])
      .describe(
        'record: its own meta.security. stated: by whoever brought it. rule: found by a rule. level: R, for a sensitivity that a rule found. decided: by staff, later. unknown: from before labels were explained',
      ),
    reason: z.string().describe('in words'),
    rule: z.string().optional(),
    source: z.string().optional().describe('where the rule comes from'),
    coding: z.strictObject({ system: z.string(), code: z.string() }).optional(),
  })
  .meta({ id: 'ExplainedLabel' });

export const recordDescriptor = transactionSchema
  .extend({
    record: idSchema,
    version: z.int().min(1),
    subjects: z.array(idSchema),
    status: z.enum(['active', 'erased']),
    mediaType: z.string(),
    digest: z.string().describe('SHA-256 of the content, base64url'),
    facts: recordFactsSchema,
    labels: z
      .array(explainedLabel)
      .describe('each label, once for each of its origins; none where not assessed'),
    overruled: z
      .array(explainedLabel)
      .describe('what rules found and staff decided against; the record does not carry it for that reason'),
    table: z.string().optional().describe('digest of the label table that was asked'),
    isCurrentTable: z.boolean().describe("whether that is today's table"),
    reason: z.string().optional().describe('why there is this version'),
    registeredAt: z.string(),
  })
  .meta({ id: 'RecordDescriptor' });

export const relabelBody = z
  .strictObject({
    reason: codedReason.describe('why the labels change'),
    labels: z
      .array(label)
      .max(50)
      .refine((labels) => new Set(labels).size === labels.length, 'must not name a label twice')
      .optional()
      .describe("exactly these from now on, the record's own among them; absent: what today's rules say"),
  })
  .meta({ id: 'Relabel' });

export const recordRelabelled = transactionSchema
  .extend({ record: idSchema, version: z.int().min(1), facts: recordFactsSchema })
  .meta({ id: 'RecordRelabelled' });

export type RecordDescriptorDocument = z.infer<typeof recordDescriptor>;
export type ExplainedLabel = z.infer<typeof explainedLabel>;
