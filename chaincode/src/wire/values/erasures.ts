import { z } from 'zod';
import type { PrivateKind } from '../keys.js';
import { codedReason, fhirId, instant, mspId, valueSalt } from '../primitives.js';

/**
 * Why a subject may be erased: GDPR article 17 (1) (a) to (e), what was registered by mistake, and the end of the period for
 * which records must be kept. There is no other ground.
 */
export const ERASURE_GROUNDS = [
  'no-longer-necessary',
  'consent-withdrawn',
  'objection',
  'unlawful-processing',
  'legal-obligation',
  'retention-ended',
  'registered-in-error',
] as const;
export const erasureGround = z.enum(ERASURE_GROUNDS);
export type ErasureGround = (typeof ERASURE_GROUNDS)[number];

/**
 * Kinds of private values that an erasure purges: all that say of a subject who they are, what they want, and what there is about them.
 * Access events, their details and deliveries are not among them: they are kept for as long as the law says.
 */
export const ERASABLE_KINDS = [
  'subject',
  'policies',
  'consent',
  'key',
  'keyend',
  'delegation',
  'delegationend',
  'withdrawal',
  'withdrawn',
  'descriptor',
  'slip',
  'amendment',
  'amendmenttold',
  'enrolment',
  'basis',
  'basisproposals',
] as const satisfies readonly PrivateKind[];

/**
 * Private value `erasure`, the tombstone: written once, never purged. That of a subject says why; that of a record keeps its id from
 * being used again. No subject, and no record, comes back under its id.
 */
export const erasure = z.discriminatedUnion('of', [
  z.strictObject({
    v: z.literal(1),
    salt: valueSalt,
    of: z.literal('subject'),
    subject: fhirId,
    ground: erasureGround,
    /** Where the custodian keeps who asked for it and who decided; never words about a person. */
    reference: codedReason,
    at: instant,
    /** MSP id. */
    by: mspId,
  }),
  z.strictObject({
    v: z.literal(1),
    salt: valueSalt,
    of: z.literal('record'),
    record: fhirId,
    at: instant,
  }),
]);
export type Erasure = z.infer<typeof erasure>;
