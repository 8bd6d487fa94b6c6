import { z } from 'zod';
import { digest } from '../primitives.js';
import { agreementTerms } from '../values/agreements.js';
import { legalBasisTerms } from '../values/legal-bases.js';
import { isSubjectBasis, SUBJECT_BASIS_PREFIX } from '../values/subject-bases.js';
import { idSchema, memberReferenceSchema, transactionSchema } from './shared.js';

const periodSchema = agreementTerms.period.describe(
  'FHIR dates; absent: from the block that it is in, until somebody ends it',
);
const STATUS = z.enum(['active', 'ended']);

const agreed = {
  purposes: agreementTerms.purposes.describe('v3 ActReason codes; each covers what descends from it'),
  period: periodSchema,
  document: agreementTerms.document.describe('SHA-256 of the document that both signed, base64url'),
} as const;

export const proposedFields = {
  proposal: digest.describe('names exactly this, when it is accepted or confirmed'),
  version: z.int().describe('the version that it would be'),
  by: memberReferenceSchema,
  at: z.string(),
} as const;

export const registeredFields = {
  version: z.int(),
  status: STATUS,
  by: z
    .array(memberReferenceSchema)
    .describe('who proposed it and who accepted or confirmed it; or who ended it'),
  at: z.string(),
} as const;

/** The other member, by its name: one of the two is always the own one. */
export const agreementParams = z.strictObject({
  member: z.string().regex(/^[a-z][a-z0-9-]{0,39}$/, 'must be the name of a member'),
});

export const agreementBody = z.strictObject(agreed).meta({ id: 'AgreementTerms' });
export type AgreementInput = z.infer<typeof agreementBody>;

export const acceptBody = z.strictObject({ proposal: digest }).meta({ id: 'ProposalMeant' });

const agreementVersionSchema = z.strictObject({ ...registeredFields, ...agreed });

const agreementSchema = z.strictObject({
  members: z.array(memberReferenceSchema).length(2),
  agreed: agreementVersionSchema
    .optional()
    .describe('the newest version; absent: nothing has been agreed yet'),
  proposed: z
    .strictObject({ ...proposedFields, ...agreed })
    .optional()
    .describe('what the other one has not accepted yet'),
  versions: z.array(agreementVersionSchema).describe('all of them, oldest first'),
});
export const agreementDocument = agreementSchema.meta({ id: 'Agreement' });
export type AgreementDocument = z.infer<typeof agreementDocument>;

export const agreementList = z
  .strictObject({ agreements: z.array(agreementDocument) })
  .meta({ id: 'AgreementList' });

export const agreementChanged = agreementSchema
  .extend(transactionSchema.shape)
  .meta({ id: 'AgreementChanged' });

export const basisFields = {
  requester: memberReferenceSchema.describe('the member that may rely on it'),
  purposes: legalBasisTerms.purposes,
  labels: legalBasisTerms.labels.describe(
    'sensitivity codes: it then opens only records that carry sensitivity, all of it named; without, only those that carry none',
  ),
  cites: legalBasisTerms.cites.describe('where the law says so'),
  jurisdiction: legalBasisTerms.jurisdiction.describe('ISO 3166'),
  period: periodSchema,
} as const;

/** One about a patient is not here: it is not public. */
export const legalBasisParams = z.strictObject({
  id: idSchema.refine((id) => !isSubjectBasis(id), {
    message: `must not begin with ${SUBJECT_BASIS_PREFIX}: that is for legal bases about one patient`,
  }),
});

export const legalBasisBody = z.strictObject(basisFields).meta({ id: 'LegalBasisTerms' });
export type LegalBasisInput = z.infer<typeof legalBasisBody>;

const legalBasisVersionSchema = z.strictObject({ ...registeredFields, ...basisFields });

const legalBasisSchema = z.strictObject({
  legalBasis: idSchema,
  registered: legalBasisVersionSchema
    .optional()
    .describe('the newest version; absent: it has not been confirmed yet'),
  proposed: z
    .strictObject({ ...proposedFields, ...basisFields })
    .optional()
    .describe('what nobody has confirmed yet'),
  versions: z.array(legalBasisVersionSchema).describe('all of them, oldest first'),
});
export const legalBasisDocument = legalBasisSchema.meta({ id: 'LegalBasis' });
export type LegalBasisDocument = z.infer<typeof legalBasisDocument>;

export const legalBasisList = z
  .strictObject({ legalBases: z.array(legalBasisDocument) })
  .meta({ id: 'LegalBasisList' });

export const legalBasisChanged = legalBasisSchema
  .extend(transactionSchema.shape)
  .meta({ id: 'LegalBasisChanged' });
