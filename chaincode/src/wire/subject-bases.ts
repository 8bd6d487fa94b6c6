import type { LegalBasis } from '../domain/index.js';
import { digestOf } from './canonical.js';
import { patientReference } from './names.js';
import { isSubjectBasis, type FiledBasis, type Policies, type SubjectBasisProposal } from './values/index.js';

/** What names exactly what is proposed about a subject: SHA-256 of its canonical JSON, base64url. */
export function subjectBasisProposalDigest(subject: string, proposal: SubjectBasisProposal): string {
  return digestOf({ subject, ...proposal });
}

/**
 * The legal bases about those subjects that a question means, as the rules take them; none where it names a general one, or none. They
 * are part of what a decision reads of a subject anyway.
 */
export function subjectBases(
  named: string | undefined,
  about: readonly (readonly [subject: string, policies: Policies | undefined])[],
): readonly LegalBasis[] {
  if (named === undefined || !isSubjectBasis(named)) return [];
  return about.flatMap(([subject, policies]) =>
    (policies?.legalBases ?? [])
      .filter(({ basis }) => basis === named)
      .map((basis) => legalBasisOf(subject, basis)),
  );
}

function legalBasisOf(
  subject: string,
  { basis, organization, purposes, labels, cites, period, status }: FiledBasis,
): LegalBasis {
  return {
    id: basis,
    subject: patientReference(subject),
    requester: organization,
    purposes,
    cites,
    period,
    status,
    ...(labels === undefined ? {} : { labels }),
  };
}
