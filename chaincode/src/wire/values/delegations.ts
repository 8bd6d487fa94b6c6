import { z } from 'zod';
import { code, fhirId, instant, mspId, unique, valueSalt } from '../primitives.js';
import { evidence } from './evidence.js';

export const RELATIONSHIPS = ['guardian', 'proxy', 'next-of-kin'] as const;

/** What a delegate may do. A consent that supersedes another one files and withdraws. */
export const delegationScope = z.strictObject({
  acts: unique(z.enum(['file', 'withdraw']), 1, 2),
  /** Scopes of consents (FHIR `Consent.scope`). */
  scopes: unique(z.enum(['patient-privacy', 'research']), 1, 2),
  /** Purposes of use that the consents must lie within, with what descends from them; absent: all. */
  purposes: unique(code, 1, 64).exactOptional(),
});
export type DelegationScope = z.infer<typeof delegationScope>;

/** From the first instant to before the second. */
export const delegationPeriod = z
  .strictObject({ start: instant, end: instant })
  .refine(({ start, end }) => start < end, { path: ['end'] });

/** Who may act for whom, in what and how long. */
export const delegationTerms = {
  delegation: fhirId,
  /** Whose consents they are. */
  subject: fhirId,
  /** Who acts: a person who is registered as a subject, too, with keys of their own. */
  delegate: fhirId,
  relationship: z.enum(RELATIONSHIPS),
  scope: delegationScope,
  period: delegationPeriod,
} as const;

/** Private value `delegation`, written once and never changed. */
export const delegation = z.strictObject({
  v: z.literal(1),
  salt: valueSalt,
  ...delegationTerms,
  evidence,
  registeredAt: instant,
  /** MSP id. */
  registeredBy: mspId,
});
export type Delegation = z.infer<typeof delegation>;

/** Private value `delegationend`: from then on the delegate does nothing under it; written once. */
export const delegationEnd = z.strictObject({
  v: z.literal(1),
  salt: valueSalt,
  delegation: fhirId,
  subject: fhirId,
  evidence,
  endedAt: instant,
  /** MSP id. */
  endedBy: mspId,
});
export type DelegationEnd = z.infer<typeof delegationEnd>;
