import { z } from 'zod';
import { commandSalt, digest, fhirId, unique } from '../primitives.js';
import { ENROLMENTS, person, studyFacts, studyTermsFields } from '../values/studies.js';

const envelope = { v: z.literal(1), salt: commandSalt } as const;

/** Most participants in one transaction. */
export const MAX_PARTICIPATIONS = 100;

/** Public: what registries publish. Its sponsor or an oversight organisation states it, and every change of it. */
export const stateStudy = z.strictObject({
  v: z.literal(1),
  command: z.literal('state-study'),
  ...studyFacts,
});

/** What the study's members know of it at one site. */
export const stateTerms = z.strictObject({
  ...envelope,
  command: z.literal('state-terms'),
  /** Secret of the collection, used where it has none yet. */
  pepper: digest,
  ...studyTermsFields,
});

/** Makes what the sponsor may know follow from what the site's custody holds; it is worked out by every endorser. */
export const recordParticipations = z.strictObject({
  ...envelope,
  command: z.literal('record-participations'),
  study: fhirId,
  subjects: unique(fhirId, 1, MAX_PARTICIPATIONS),
});

/** The sponsor says, signed, what it did when a participant withdrew. */
export const acknowledgeStop = z.strictObject({
  ...envelope,
  command: z.literal('acknowledge-stop'),
  study: fhirId,
  person,
  statement: z.string().max(16_384),
});

export const studyCommand = z.discriminatedUnion('command', [
  stateTerms,
  recordParticipations,
  acknowledgeStop,
]);
export type StudyCommand = z.infer<typeof studyCommand>;

/** Custody: what the site says of a participation. */
export const enrol = z.strictObject({
  ...envelope,
  command: z.literal('enrol'),
  study: fhirId,
  subject: fhirId,
  status: z.enum(ENROLMENTS),
});
