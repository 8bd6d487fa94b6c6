import { z } from 'zod';
import { commandSalt, digest, eventKey, fhirId, pseudonym, unique, version } from '../primitives.js';
import { AMENDMENT_GROUNDS, amendmentTerms } from '../values/amendments.js';

const envelope = { v: z.literal(1), salt: commandSalt, amendment: fhirId } as const;

export const requestAmendment = z.strictObject({
  ...envelope,
  command: z.literal('request-amendment'),
  ...amendmentTerms,
});

export const extendAmendment = z.strictObject({
  ...envelope,
  command: z.literal('extend-amendment'),
  reason: digest,
});

export const answerAmendment = z.strictObject({
  ...envelope,
  command: z.literal('answer-amendment'),
  answeredBy: pseudonym,
  answer: z.discriminatedUnion('outcome', [
    z.strictObject({ outcome: z.literal('accepted'), version }),
    z.strictObject({ outcome: z.literal('denied'), ground: z.enum(AMENDMENT_GROUNDS), basis: digest }),
  ]),
});

/** What is said after a denial. */
export const disputeAmendment = z.strictObject({
  ...envelope,
  command: z.literal('dispute-amendment'),
  statement: z.discriminatedUnion('kind', [
    z.strictObject({ kind: z.literal('disagreement'), statement: digest }),
    z.strictObject({ kind: z.literal('rebuttal'), statement: digest }),
    z.strictObject({ kind: z.literal('inclusion') }),
  ]),
});

/** Most accesses in one transaction. */
export const MAX_TOLD = 100;

export const tellAmendment = z.strictObject({
  ...envelope,
  command: z.literal('tell-amendment'),
  events: unique(eventKey, 1, MAX_TOLD),
});
