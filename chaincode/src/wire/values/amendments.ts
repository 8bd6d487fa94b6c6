import { z } from 'zod';
import { digest, eventKey, fhirId, instant, mspId, pseudonym, valueSalt, version } from '../primitives.js';

/** Days in which a request is answered, and by which the one extension moves that (45 CFR 164.526(b)(2)). */
export const AMENDMENT_DAYS = 60;
export const AMENDMENT_EXTENSION_DAYS = 30;

/** On what grounds an amendment may be denied (45 CFR 164.526(a)(2)(i) to (iv)); there is no other. */
export const AMENDMENT_GROUNDS = [
  'not-created-here',
  'not-in-designated-record-set',
  'not-available-for-inspection',
  'accurate-and-complete',
] as const;

/** What a data quality report found; where it stands, and nothing of what it says (docs/quality.md). */
export const amendedFinding = z.strictObject({
  rule: z.string().regex(/^[A-Za-z0-9.-]{1,64}$/),
  path: z.string().regex(/^[A-Za-z][A-Za-z0-9_.*[\]]{0,511}$/),
});

/** What is asked for; words about a person stay at the custodian's gateway, and only their sealed bytes' digest is here. */
export const amendmentTerms = {
  amendment: fhirId,
  subject: fhirId,
  record: fhirId,
  /** Of the record, as it was when somebody found it wrong. */
  version,
  /** In whose name: the subject's (or their representative's), or the custodian's own, such as from a finding. */
  requestedBy: z.enum(['subject', 'custodian']),
  finding: amendedFinding.exactOptional(),
  /** SHA-256 of what was asked, sealed. */
  request: digest,
  /** Pseudonym of who took it in. */
  takenBy: pseudonym,
} as const;

const answered = { at: instant, answeredBy: pseudonym } as const;

export const amendmentAnswer = z.discriminatedUnion('outcome', [
  /** The version that holds the amendment. */
  z.strictObject({ outcome: z.literal('accepted'), version, ...answered }),
  z.strictObject({
    outcome: z.literal('denied'),
    ground: z.enum(AMENDMENT_GROUNDS),
    /** SHA-256 of the basis in plain words, sealed. */
    basis: digest,
    ...answered,
  }),
]);

const stated = z.strictObject({ statement: digest, at: instant });

/**
 * Private value `amendment`: what became of a request to amend a record (45 CFR 164.526). It grows with each step; none is ever taken back,
 * and the earlier ones are in the blocks.
 */
export const amendment = z.strictObject({
  v: z.literal(1),
  salt: valueSalt,
  ...amendmentTerms,
  requestedAt: instant,
  /** By when it is answered. */
  dueAt: instant,
  extension: z.strictObject({ reason: digest, at: instant }).exactOptional(),
  answer: amendmentAnswer.exactOptional(),
  /** The subject's statement of disagreement (164.526(d)(2)). */
  disagreement: stated.exactOptional(),
  /** The custodian's rebuttal (164.526(d)(3)). */
  rebuttal: stated.exactOptional(),
  /** The subject asks that request and denial go with disclosures (164.526(d)(1)(iii)). */
  inclusion: z.strictObject({ at: instant }).exactOptional(),
});
export type Amendment = z.infer<typeof amendment>;

/** Private value `amendmenttold`: whoever had the record by that access has been told of the amendment (164.526(c)(3)). Written once. */
export const amendmentTold = z.strictObject({
  v: z.literal(1),
  salt: valueSalt,
  amendment: fhirId,
  subject: fhirId,
  event: eventKey,
  at: instant,
  /** MSP id. */
  by: mspId,
});
export type AmendmentTold = z.infer<typeof amendmentTold>;
