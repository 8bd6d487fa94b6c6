import { z } from 'zod';
import {
  digest,
  fhirDate,
  fhirId,
  instant,
  mspId,
  reference,
  unique,
  valueSalt,
  version,
} from '../primitives.js';
import { legalBasisTerms } from './legal-bases.js';

/** How ids of legal bases about one patient begin, and no others: by its id alone it is told where a basis lies, so that it is never looked for in public. */
export const SUBJECT_BASIS_PREFIX = 'private.';

/** Whether a request that names it means a legal basis about one patient. */
export function isSubjectBasis(basis: string): boolean {
  return basis.startsWith(SUBJECT_BASIS_PREFIX);
}

export const subjectBasisId = fhirId.refine(
  (id) => isSubjectBasis(id) && id.length > SUBJECT_BASIS_PREFIX.length,
);

/** What an order, a subpoena or a report about one patient lets a member ask for. */
export const subjectBasisTerms = {
  ...legalBasisTerms,
  /** It always has an end: what a court orders about somebody is not for ever. */
  period: z.strictObject({ start: fhirDate.exactOptional(), end: fhirDate }),
  /** SHA-256 of the order itself, so that both who register it have read the same. */
  document: digest,
} as const;

/** The terms, out of anything that holds them; the rest of that is left out. */
export const statedSubjectBasis = z.object(subjectBasisTerms);

/** Private value `basis` of a subject, an id and a version: written once and never changed. */
export const subjectBasis = z.strictObject({
  v: z.literal(1),
  salt: valueSalt,
  basis: subjectBasisId,
  version,
  subject: fhirId,
  ...subjectBasisTerms,
  /** `Organization/<name>` of the requester. */
  organization: reference,
  status: z.enum(['active', 'ended']),
  /** MSP ids of whose doing it is: who proposed and who confirmed; or the one that ended it. */
  by: unique(mspId, 1, 2),
  at: instant,
});
export type SubjectBasis = z.infer<typeof subjectBasis>;

/** Most of them that are proposed about one subject at a time. */
export const MAX_BASIS_PROPOSALS = 64;

export const subjectBasisProposal = z.strictObject({
  basis: subjectBasisId,
  version,
  ...subjectBasisTerms,
  by: mspId,
  at: instant,
});
export type SubjectBasisProposal = z.infer<typeof subjectBasisProposal>;

/** Private value `basisproposals`: what is proposed about a subject and nobody has confirmed or dropped. No decision reads it. */
export const subjectBasisProposals = z.strictObject({
  v: z.literal(1),
  salt: valueSalt,
  subject: fhirId,
  proposals: z.array(subjectBasisProposal).max(MAX_BASIS_PROPOSALS),
});
export type SubjectBasisProposals = z.infer<typeof subjectBasisProposals>;

/** Most of them about one subject, whatever has become of them. */
export const MAX_SUBJECT_BASES = 256;

/** What a decision needs of the newest version; part of the subject's `policies`, which every decision reads anyway. */
export const filedBasis = z.strictObject({
  basis: subjectBasisId,
  version,
  organization: reference,
  purposes: subjectBasisTerms.purposes,
  labels: subjectBasisTerms.labels,
  cites: subjectBasisTerms.cites,
  period: subjectBasisTerms.period,
  status: z.enum(['active', 'ended']),
});
export type FiledBasis = z.infer<typeof filedBasis>;
