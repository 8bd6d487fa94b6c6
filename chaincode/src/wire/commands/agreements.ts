import { z } from 'zod';
import { digest, fhirId, mspId, version } from '../primitives.js';
import { agreementTerms } from '../values/agreements.js';
import { legalBasisTerms } from '../values/legal-bases.js';
import { isSubjectBasis } from '../values/subject-bases.js';

/*
 * Two members agree when one proposes and the other accepts; either ends it alone. One of the two is always who calls, so that
 * nobody can speak for another: commands name the other one only.
 */

const between = { v: z.literal(1), with: mspId } as const;

/** What is proposed takes the place of whatever the two had proposed before; what is agreed stays in force until the other accepts. */
export const proposeAgreement = z.strictObject({
  ...between,
  command: z.literal('propose-agreement'),
  /** One more than the newest version's; 1 for the first. */
  version,
  ...agreementTerms,
});

/** Accepts what the other proposed, and no other proposal than that. */
export const acceptAgreement = z.strictObject({
  ...between,
  command: z.literal('accept-agreement'),
  /** SHA-256 of the proposal's canonical JSON. */
  proposal: digest,
});

/** Takes the own proposal back, or declines the other's. */
export const dropAgreement = z.strictObject({ ...between, command: z.literal('drop-agreement') });

/** At once, for good until both agree anew, and without asking the other. */
export const endAgreement = z.strictObject({ ...between, command: z.literal('end-agreement') });

/** Public: an id that means a legal basis about one patient is none here. */
const generalBasisId = fhirId.refine((id) => !isSubjectBasis(id));

const about = { v: z.literal(1), basis: generalBasisId } as const;

/** An oversight organisation proposes a legal basis, or the next version of one. */
export const proposeLegalBasis = z.strictObject({
  ...about,
  command: z.literal('propose-legal-basis'),
  version,
  ...legalBasisTerms,
});

/** Another member, and never the one that gains, confirms it: so it is in force. */
export const confirmLegalBasis = z.strictObject({
  ...about,
  command: z.literal('confirm-legal-basis'),
  /** SHA-256 of the proposal's canonical JSON. */
  proposal: digest,
});

export const dropLegalBasis = z.strictObject({ ...about, command: z.literal('drop-legal-basis') });

/** By an oversight organisation, or by one of the two that registered what is in force. */
export const endLegalBasis = z.strictObject({ ...about, command: z.literal('end-legal-basis') });
