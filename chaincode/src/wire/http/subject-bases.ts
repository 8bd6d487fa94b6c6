import { z } from 'zod';
import { subjectBasisTerms, isSubjectBasis, SUBJECT_BASIS_PREFIX } from '../values/subject-bases.js';
import { basisFields, proposedFields, registeredFields } from './agreements.js';
import { idSchema, transactionSchema } from './shared.js';

const basisId = idSchema.refine((id) => isSubjectBasis(id) && id.length > SUBJECT_BASIS_PREFIX.length, {
  message: `must begin with ${SUBJECT_BASIS_PREFIX}`,
});

export const subjectBasisParams = z.strictObject({ id: idSchema, basis: basisId });

const terms = {
  ...basisFields,
  period: subjectBasisTerms.period.describe('FHIR dates; the end is needed'),
  document: subjectBasisTerms.document.describe('SHA-256 of the order, subpoena or report itself, base64url'),
} as const;

export const subjectBasisBody = z.strictObject(terms).meta({ id: 'SubjectLegalBasisTerms' });
export type SubjectBasisInput = z.infer<typeof subjectBasisBody>;

const versionSchema = z.strictObject({ ...registeredFields, ...terms });

const subjectBasisSchema = z.strictObject({
  subject: idSchema,
  legalBasis: basisId.describe('what a request names'),
  registered: versionSchema.optional().describe('the newest version; absent: it has not been confirmed yet'),
  proposed: z
    .strictObject({ ...proposedFields, ...terms })
    .optional()
    .describe('what nobody has confirmed yet'),
  versions: z.array(versionSchema).describe('all of them, oldest first'),
});
export const subjectBasisDocument = subjectBasisSchema.meta({ id: 'SubjectLegalBasis' });
export type SubjectBasisDocument = z.infer<typeof subjectBasisDocument>;

export const subjectBasisList = z
  .strictObject({ subject: idSchema, legalBases: z.array(subjectBasisDocument) })
  .meta({ id: 'SubjectLegalBasisList' });

export const subjectBasisChanged = subjectBasisSchema
  .extend(transactionSchema.shape)
  .meta({ id: 'SubjectLegalBasisChanged' });
