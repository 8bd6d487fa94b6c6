import { z } from 'zod';
import {
  byteCount,
  code,
  codedReason,
  coding,
  digest,
  fhirDate,
  fhirId,
  instant,
  mediaType,
  reference,
  unique,
  valueSalt,
  version,
} from '../primitives.js';

/** Private value `subject`. `subject` is a pseudonym: 128 random bits that the custodian's gateway made. */
export const subject = z.strictObject({
  v: z.literal(1),
  salt: valueSalt,
  subject: fhirId,
  status: z.literal('active'),
  registeredAt: instant,
});
export type Subject = z.infer<typeof subject>;

/** The question's `record` (docs/consent.md): what is absent is unknown, an empty list says "none". */
export const recordFacts = z.strictObject({
  reference,
  resourceType: z
    .string()
    .regex(/^[A-Z][A-Za-z]{1,63}$/)
    .exactOptional(),
  classes: z.array(coding).max(64).exactOptional(),
  codes: z.array(coding).max(64).exactOptional(),
  labels: unique(code, 0, 64).exactOptional(),
  authored: z
    .union([fhirDate, z.strictObject({ start: fhirDate.exactOptional(), end: fhirDate.exactOptional() })])
    .exactOptional(),
  author: unique(reference, 0, 64).exactOptional(),
  refersTo: unique(reference, 0, 256).exactOptional(),
  referredToBy: unique(reference, 0, 256).exactOptional(),
});
export type DescriptorFacts = z.infer<typeof recordFacts>;

/**
 * Where a version's labels come from, so that each can be explained for as long as the descriptor is there. The rules are named; what
 * they say in words is in the table of that digest, which the custodian keeps.
 */
export const labelling = z.strictObject({
  /** Digest of the table of rules that was asked. */
  table: digest,
  /** What the record says of itself (`meta.security`), and what whoever brought it said; absent where nothing was said. */
  own: unique(code, 0, 64).exactOptional(),
  stated: unique(code, 0, 64).exactOptional(),
  /** Rules that found something, each with the code that it was found by. */
  found: z.array(z.strictObject({ rule: codedReason, labels: unique(code, 1, 8), coding })).max(64),
  /** The labels that the custodian's staff decided on instead, and the rules that they overruled by it. */
  decided: unique(code, 0, 64).exactOptional(),
  overruled: unique(codedReason, 1, 64).exactOptional(),
});
export type Labelling = z.infer<typeof labelling>;

const descriptorStatement = {
  record: fhirId,
  /** 1, then one more for each new text or label. */
  version,
  /** Whom the record is about. */
  subjects: unique(fhirId, 1, 16),
  /** SHA-256 of the record itself; tells its holder that it is intact. */
  digest,
  /** What is at rest and goes over the wire. */
  ciphertext: z.strictObject({ digest, bytes: byteCount }),
  mediaType,
  facts: recordFacts,
  /** Absent in descriptors from before there were rules. */
  labelling: labelling.exactOptional(),
  /** Why there is a new version; from the second on. */
  reason: codedReason.exactOptional(),
} as const;

/** What a custodian states about one version of a record. */
export const descriptorFields = descriptorStatement;

/** Private value `descriptor`. */
export const descriptor = z.strictObject({
  v: z.literal(1),
  salt: valueSalt,
  ...descriptorStatement,
  status: z.literal('active'),
  registeredAt: instant,
});
export type Descriptor = z.infer<typeof descriptor>;
