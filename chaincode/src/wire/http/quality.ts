import { z } from 'zod';
import { idSchema, pageOf } from './shared.js';

export const QUALITY_SEVERITIES = ['error', 'warning', 'note'] as const;

/** How much was found when a record came in: enough to go and look, and nothing of what it says. */
export const qualityCounts = z
  .strictObject({
    errors: z.int().min(0),
    warnings: z.int().min(0),
    notes: z.int().min(0),
  })
  .describe('discrepancies that were found in it; absent where it could not be read')
  .meta({ id: 'QualityCounts' });

const qualityFinding = z
  .strictObject({
    rule: z.string(),
    severity: z.enum(QUALITY_SEVERITIES),
    path: z.string().describe('FHIRPath of the element, by its name in JSON; never its value'),
    reason: z.string().describe('why it is a finding, in words'),
    action: z.string().describe('what to do'),
    source: z.string().describe('where the rule comes from'),
  })
  .meta({ id: 'QualityFinding' });

const reported = {
  record: idSchema,
  version: z.int().min(1),
  isRead: z.boolean().describe('false: no FHIR resource in JSON of at most 1 MiB, so no rule speaks of it'),
  findings: z.array(qualityFinding).max(200),
} as const;

export const recordQuality = z
  .strictObject({
    ...reported,
    table: z.string().describe('digest of the quality table that was asked'),
    compared: z.int().min(0).describe('records of the same subjects that it was compared with'),
  })
  .meta({ id: 'RecordQuality' });

export const subjectQualityQuery = z.strictObject(pageOf(/^\d{1,15}\.\d{1,15}\.[A-Za-z0-9.-]{1,64}$/));

export const subjectQuality = z
  .strictObject({
    subject: idSchema,
    table: z.string().describe('digest of the quality table that was asked'),
    compared: z.int().min(0).describe("the subject's newest records that each was compared with"),
    records: z.array(z.strictObject(reported)).describe('newest first, with those that nothing was found in'),
    next: z.string().optional().describe('give it as `after` for the page that follows'),
  })
  .meta({ id: 'SubjectQuality' });

export type QualityFinding = z.infer<typeof qualityFinding>;
export type QualityCounts = z.infer<typeof qualityCounts>;
export type RecordQuality = z.infer<typeof recordQuality>;
export type SubjectQuality = z.infer<typeof subjectQuality>;
