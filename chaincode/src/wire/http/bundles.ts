import { z } from 'zod';
import { qualityCounts } from './quality.js';
import { idSchema, repeatable } from './shared.js';

const flag = z.enum(['true', 'false']).optional();
const code = z.string().regex(/^[A-Za-z0-9.-]{1,64}$/, 'must be a code');

export const putBundleQuery = z.strictObject({
  subject: repeatable(idSchema, 8).describe('whom all of it is about'),
  reason: code.optional().describe('why records change that are there already'),
  prefix: z
    .string()
    .regex(/^[A-Za-z0-9-]{1,16}$/, 'must be 1 to 16 letters, digits and hyphens')
    .optional()
    .describe('stands before the id of each record, so that those of two systems do not meet'),
  label: repeatable(z.string().regex(/^[!-~]{1,256}$/), 16)
    .optional()
    .describe('a security label that is stated of each of its resources'),
  complete: flag.describe(
    'true: nothing outside the bundle refers to anything in it; so it is with a document',
  ),
  partial: flag.describe('true: keep what can be kept; otherwise nothing is where something cannot be'),
});

export const keptEntry = z
  .strictObject({
    entry: z.int().min(0).describe('its place in the bundle, from 0'),
    outcome: z.enum(['registered', 'unchanged', 'refused']),
    record: idSchema.optional().describe('id of the record'),
    version: z.int().min(1).optional(),
    digest: z.string().optional().describe('SHA-256 of the content, base64url'),
    reference: z.string().optional().describe('what other records call it'),
    labels: z.array(z.string()).optional().describe('absent: not assessed'),
    quality: qualityCounts.optional(),
    message: z.string().optional().describe('why it is refused'),
  })
  .meta({ id: 'KeptEntry' });

export const bundleKept = z
  .strictObject({
    entries: z.array(keptEntry),
    transaction: z.string().optional().describe('absent where nothing was registered'),
    block: z.int().min(0).optional(),
  })
  .meta({ id: 'BundleKept' });

export type KeptEntry = z.infer<typeof keptEntry>;
