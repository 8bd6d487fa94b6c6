import { z } from 'zod';
import { base64UrlBytes, code, codeSystem, mspId, reference, unique, valueSalt } from '../primitives.js';

/**
 * When an emergency is believed to be one: who declares it has authenticated so lately, in one of these ways (RFC 8176), and what they get
 * is theirs for so long. Absent, in custodies opened before there was one: whoever has the role may declare it.
 */
const emergencyAccess = z.strictObject({
  authenticatedWithinSeconds: z.int().min(60).max(86_400),
  methods: unique(code, 1, 16),
  accessHours: z.int().min(1).max(8_760),
});

/** Longest time that a policy may give an emergency to be on the ledger. */
export const MAX_JOURNAL_MINUTES = 1_440;

/**
 * Whether emergencies are answered while the ledger is out of reach, and when it counts as that: nothing has come through for so long. What was
 * let out has to be on the ledger within so many minutes. Absent: they are not.
 */
const emergencyJournal = z.strictObject({
  outOfReachSeconds: z.int().min(1).max(3_600),
  withinMinutes: z.int().min(1).max(MAX_JOURNAL_MINUTES),
});

/** What holds at a custodian beyond the consents (domain's `DecisionContext`). */
export const custodyPolicy = z.strictObject({
  impliedPolicy: z.enum(['deny', 'basic-normal', 'all-normal', 'break-glass-only']),
  emergencyRoles: unique(code, 0, 64),
  /** Hours until a break-glass access must have been reviewed. */
  reviewHours: z.int().min(1).max(8_760),
  emergencyAccess: emergencyAccess.exactOptional(),
  emergencyJournal: emergencyJournal.exactOptional(),
  signedOnlyPurposes: unique(code, 0, 64),
  agreementPurposes: unique(code, 0, 64),
  /** URIs of the code systems whose purposes count beside v3 ActReason's, as `system|code`. Absent: none. */
  purposeSystems: unique(codeSystem, 0, 16).exactOptional(),
});
export type CustodyPolicy = z.infer<typeof custodyPolicy>;

/** A policy in parts: what the rules read, and beside it what is theirs not: whether there is an emergency, and what is done without a ledger. */
export function partsOfPolicy<Policy extends Partial<CustodyPolicy>>({
  emergencyAccess,
  emergencyJournal,
  ...rules
}: Policy): {
  readonly emergencyAccess: CustodyPolicy['emergencyAccess'] | undefined;
  readonly emergencyJournal: CustodyPolicy['emergencyJournal'] | undefined;
  readonly rules: Omit<Policy, 'emergencyAccess' | 'emergencyJournal'>;
} {
  return { emergencyAccess, emergencyJournal, rules };
}

/** HMAC key of the collection's private keys; known to its members alone. */
export const pepper = base64UrlBytes(32);

/** Private value `custody`, written once. */
export const custody = z.strictObject({
  v: z.literal(1),
  salt: valueSalt,
  /** MSP id. */
  custodian: mspId,
  /** The custodian as FHIR names it. */
  organization: reference,
  pepper,
  policy: custodyPolicy,
});
export type Custody = z.infer<typeof custody>;
