import { z } from 'zod';
import { code, fhirId, instant, mspId, reference, unique, version } from '../primitives.js';
import { openPeriod } from './agreements.js';

/** What a legal basis lets a member ask for. Public, so it is general: it names no patient. */
export const legalBasisTerms = {
  /** MSP id of the member that it is for. */
  requester: mspId,
  /** v3 ActReason codes, or `system|code`; each covers what descends from it, but for BTG. */
  purposes: unique(code, 1, 64),
  /** Sensitivity codes. With them it opens only records that carry sensitivity, all of it named; without, only records that carry none. */
  labels: unique(code, 1, 64).exactOptional(),
  /** Where the law says so, such as `45 CFR 164.512(b)(1)(i)`; one for substance use records cites 42 CFR 2.51, or 2.61 to 2.67. */
  cites: unique(z.string().regex(/^[^\p{C}]{1,200}$/u), 1, 16),
  /** Whose law it is: ISO 3166-1 alpha-2, or ISO 3166-2. */
  jurisdiction: z.string().regex(/^[A-Z]{2}(?:-[A-Z0-9]{1,3})?$/),
  /** When it holds. Absent: from the block that it is in, until somebody ends it. */
  period: openPeriod.exactOptional(),
} as const;

/** The terms, out of anything that holds them; the rest of that is left out. */
export const statedLegalBasis = z.object(legalBasisTerms);

/** Public values `legal-basis/<id>` (the newest) and `legal-basis-version/<id>/<version>` (each, for ever). */
export const legalBasisVersion = z.strictObject({
  v: z.literal(1),
  basis: fhirId,
  version,
  ...legalBasisTerms,
  /** `Organization/<name>` of the requester. */
  organization: reference,
  status: z.enum(['active', 'ended']),
  /** MSP ids of whose doing it is: the oversight organisation that proposed and the member that confirmed; or the one that ended it. */
  by: unique(mspId, 1, 2),
  at: instant,
});
export type LegalBasisVersion = z.infer<typeof legalBasisVersion>;

/** Public value `legal-basis-proposal/<id>`; open as an agreement's proposal is. */
export const legalBasisProposal = z.strictObject({
  v: z.literal(1),
  basis: fhirId,
  version,
  ...legalBasisTerms,
  status: z.enum(['open', 'dropped']),
  by: mspId,
  at: instant,
});
export type LegalBasisProposal = z.infer<typeof legalBasisProposal>;
