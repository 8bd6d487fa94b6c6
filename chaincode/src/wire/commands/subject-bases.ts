import { z } from 'zod';
import { commandSalt, digest, fhirId, version } from '../primitives.js';
import { subjectBasisId, subjectBasisTerms } from '../values/subject-bases.js';

/*
 * Legal bases about one patient, by the same two steps as general ones, among those who may read of the patient: one of them proposes,
 * another confirms, one of the two is oversight, and neither gains by it.
 */

const about = { v: z.literal(1), salt: commandSalt, subject: fhirId, basis: subjectBasisId } as const;

/** Proposes one, or the next version of one; in the place of what was proposed under that id before. */
export const proposeSubjectBasis = z.strictObject({
  ...about,
  command: z.literal('propose-subject-basis'),
  version,
  ...subjectBasisTerms,
});

export const confirmSubjectBasis = z.strictObject({
  ...about,
  command: z.literal('confirm-subject-basis'),
  /** Names exactly what is proposed: {@link subjectBasisProposalDigest}. */
  proposal: digest,
});

export const dropSubjectBasis = z.strictObject({ ...about, command: z.literal('drop-subject-basis') });

/** At once: by the custodian or by any oversight organisation. */
export const endSubjectBasis = z.strictObject({ ...about, command: z.literal('end-subject-basis') });
