import { z } from 'zod';
import { fhirDate } from '../primitives.js';
import { person } from '../values/studies.js';
import { recordCriteria } from './record-criteria.js';
import { releaseBody } from './releases.js';
import { idSchema, memberReferenceSchema, purposeSchema } from './shared.js';

/** Most participants whose data are asked for in one call between gateways: so many requests go into one transaction. */
const MAX_COHORT = 100;

/** Between gateways: signed requests, each for one participant. */
export const cohortReleaseBody = z
  .strictObject({ requests: z.array(releaseBody.shape.request).min(1).max(MAX_COHORT) })
  .meta({ id: 'CohortRelease' });

/** What a sponsor's researcher takes of a site's participants. */
export const cohortBody = z
  .strictObject({
    site: memberReferenceSchema,
    participant: person.optional().describe('pseudonym in the study; absent: all of the site'),
    purpose: z.array(purposeSchema).min(1).max(8).default(['CLINTRL']),
    ...recordCriteria,
    authored: z
      .strictObject({ start: fhirDate.optional(), end: fhirDate.optional() })
      .optional()
      .describe('some of it is of this time; the end includes its last instant'),
  })
  .meta({ id: 'CohortAsked' });
export type CohortInput = z.infer<typeof cohortBody>;

/** One record of one participant, pseudonymised, with the decision that it rests on. */
export const cohortLine = z
  .strictObject({
    participant: person,
    record: idSchema,
    version: z.int().min(1),
    event: z.string(),
    transaction: z.string(),
    block: z.int().min(0),
    profile: z.string().describe('digest of the profile that it was pseudonymised by'),
    resource: z.looseObject({ resourceType: z.string() }),
  })
  .meta({ id: 'CohortLine' });
export type CohortLine = z.infer<typeof cohortLine>;

/** The last line: without it the answer is not whole. Who was left out is counted, for whatever reason, and not named. */
export const cohortSummary = z
  .strictObject({
    summary: z.strictObject({
      participants: z.int().describe('at the site, whatever their status'),
      released: z.int().describe('participants of whom something came'),
      leftOut: z.int().describe('the others: withdrawn, refused, or nothing is there'),
      records: z.int(),
      withheld: z.int().describe('records that the profile knows no way to pseudonymise'),
      failed: z.int().describe('requests that the site could not answer: ask again'),
    }),
  })
  .meta({ id: 'CohortSummary' });
export type CohortSummary = z.infer<typeof cohortSummary>;
export const COHORT_MEDIA_TYPE = 'application/x-ndjson';
