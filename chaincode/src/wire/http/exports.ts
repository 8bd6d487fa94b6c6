import { z } from 'zod';
import { numberedPage } from './shared.js';

export const listExportsQuery = z.strictObject(numberedPage);

/** Files that this member's own users took out of what it reads, before the first byte of each left. */
export const exportPage = z
  .strictObject({
    exports: z.array(
      z.strictObject({
        at: z.string(),
        user: z.string().describe('pseudonym of who took it'),
        what: z.literal('study-participations'),
        about: z.string().describe('id of the study'),
        format: z.string(),
      }),
    ),
    next: z.string().optional().describe('give it as `after` for the page that follows'),
  })
  .meta({ id: 'ExportPage' });
export type ExportPage = z.infer<typeof exportPage>;
