import { z } from 'zod';
import { DISPOSITIONS } from '../../domain/study-choices.js';
import { fhirResource } from '../fhir-json.js';
import { codedReason, digest, fhirId, instant, mspId, valueSalt, version } from '../primitives.js';
import { compiledPolicy } from './compiled-policy.js';
import { EVIDENCE_KINDS, evidence } from './evidence.js';
import { filedBasis, MAX_SUBJECT_BASES } from './subject-bases.js';

/** Private value `consent`: one version of a consent as it was filed, never changed. */
export const consent = z.strictObject({
  v: z.literal(1),
  salt: valueSalt,
  consent: fhirId,
  version,
  subject: fhirId,
  resource: fhirResource,
  /** SHA-256 of the resource's canonical JSON. */
  digest,
  evidence,
  filedAt: instant,
  /** MSP id. */
  filedBy: mspId,
});
export type Consent = z.infer<typeof consent>;

/**
 * Id under which a version of a consent is kept. The first has the consent's own, so that a withdrawal, which reads it
 * to know that there is something to withdraw, cannot be made invalid by any later filing.
 */
export function consentVersionId(consent: string, version: number): readonly [string, ...string[]] {
  return version === 1 ? [consent] : [consent, `${version}`];
}

/** Most consents of one subject, whatever has become of them. */
export const MAX_CONSENTS = 1_024;

export const filedPolicy = z.strictObject({
  consent: fhirId,
  version,
  evidence: z.enum(EVIDENCE_KINDS),
  policy: compiledPolicy,
});
export type FiledPolicy = z.infer<typeof filedPolicy>;

/** Private value `policies`: all that a subject's consents say, and the legal bases about that subject, so that a decision reads one value. */
export const policies = z.strictObject({
  v: z.literal(1),
  salt: valueSalt,
  subject: fhirId,
  consents: z.array(filedPolicy).max(MAX_CONSENTS),
  legalBases: z.array(filedBasis).max(MAX_SUBJECT_BASES).exactOptional(),
});
export type Policies = z.infer<typeof policies>;

export const withdrawalEntry = z.strictObject({
  consent: fhirId,
  at: instant,
  /** MSP id of the member that took the withdrawal. */
  by: mspId,
  evidence: z.enum(EVIDENCE_KINDS),
  reason: codedReason.exactOptional(),
  collected: z.enum(DISPOSITIONS).exactOptional(),
});
export type WithdrawalEntry = z.infer<typeof withdrawalEntry>;

/**
 * Private value `withdrawal` in the withdrawal collection: what a subject has withdrawn. Every decision reads
 * it, so the evidence lies elsewhere.
 */
export const withdrawals = z.strictObject({
  v: z.literal(1),
  salt: valueSalt,
  subject: fhirId,
  withdrawals: z.array(withdrawalEntry).min(1).max(MAX_CONSENTS),
});
export type Withdrawals = z.infer<typeof withdrawals>;

/** Private value `withdrawn` in the withdrawal collection: who withdrew one consent, written once. */
export const withdrawn = z.strictObject({
  v: z.literal(1),
  salt: valueSalt,
  consent: fhirId,
  subject: fhirId,
  at: instant,
  by: mspId,
  evidence,
  reason: codedReason.exactOptional(),
  collected: z.enum(DISPOSITIONS).exactOptional(),
});
export type Withdrawn = z.infer<typeof withdrawn>;
