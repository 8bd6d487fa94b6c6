import { z } from 'zod';
import {
  byteCount,
  digest,
  eventKey,
  fhirId,
  instant,
  jti,
  kid,
  mspId,
  pseudonym,
  valueSalt,
  version,
} from '../primitives.js';

const outcome = z.enum(['permit', 'deny']);
const word = z.string().regex(/^[a-z][a-z0-9-]{0,63}$/);

/** The domain's obligations, as they go to the requester. */
export const obligation = z.discriminatedUnion('code', [
  z.strictObject({
    code: z.literal('prohibit-redisclosure'),
    cites: z.string().max(256),
    notice: z.string().max(4_096),
  }),
  z.strictObject({ code: z.literal('expires-at'), at: z.string().max(64) }),
  z.strictObject({ code: z.literal('review-by'), at: z.string().max(64) }),
  z.strictObject({ code: z.literal('pseudonymise'), profile: fhirId, version: fhirId, digest }),
]);

export const eventRecord = z.strictObject({
  record: fhirId,
  outcome,
  /** Outward form of the reason: the same for all that a requester may not tell apart. */
  code: word,
  /** Version of the record; of what is permitted only. */
  version: version.exactOptional(),
  obligations: z.array(obligation).max(16),
});
export type EventRecord = z.infer<typeof eventRecord>;

/** Longest text of an entry of an emergency journal, in characters: it names up to fifty records with what they owe. */
export const MAX_JOURNAL_LENGTH = 65_536;

/** An event that was put on the ledger afterwards: it was let out, or not, while the ledger was out of reach. */
const eventJournal = z.strictObject({
  /** When the custodian signed its entry: the time of the decision. */
  at: instant,
  /** SHA-256 of the custodian's entry. */
  custodian: digest,
  /** SHA-256 of the requester's; without it no key left. */
  requester: digest.exactOptional(),
});

/**
 * Private value `event`: what custodian and requester may read. The requester compares the SHA-256 of these
 * bytes with the hash that its own peer has under the key, before it unwraps anything.
 */
export const accessEvent = z.strictObject({
  v: z.literal(1),
  salt: valueSalt,
  custodian: mspId,
  requester: mspId,
  jti,
  /** SHA-256 of the request object's text. */
  request: digest,
  /** The transaction's timestamp: the time of the decision, unless it comes out of a `journal`. */
  at: instant,
  /** The key that was asked for; whether it is registered is what `key-not-registered` says. */
  enc: kid,
  /** SHA-256 of the canonical detail, which only custodian and oversight read. */
  details: digest,
  /** None where a search found nothing that its requester may see. */
  records: z.array(eventRecord).max(50),
  /** Version of the rules that decided. */
  rules: z.string().min(1).max(64),
  /** Of what was released out of an emergency journal only. */
  journal: eventJournal.exactOptional(),
});
export type AccessEvent = z.infer<typeof accessEvent>;

/** When it was decided and let out: of what comes out of an emergency journal that is before it was logged. 45 CFR 164.528 asks for it. */
export function decidedAt({ at, journal }: Pick<AccessEvent, 'at' | 'journal'>): string {
  return journal?.at ?? at;
}

export const basisEntry = z.strictObject({
  consent: z.string().max(256),
  version: z.int().min(0),
  outcome: z.enum(['permit', 'deny', 'nothing']),
  path: z.string().max(1_024).exactOptional(),
  evidence: z.enum(['signed', 'witnessed', 'delegated']),
});

export const detailRecord = z.strictObject({
  record: fhirId,
  /** Logged form of the reason. */
  reason: word,
  basis: z.array(basisEntry).max(1_024),
  descriptorVersion: version.exactOptional(),
  subjects: z.array(fhirId).max(16),
  /** The information-blocking exception that a denial falls under (45 CFR 171). */
  exception: z.string().max(256).exactOptional(),
});
export type DetailRecord = z.infer<typeof detailRecord>;

export const eventDetail = z.strictObject({
  salt: valueSalt,
  /** Key of the event. */
  event: eventKey,
  /** The request object as it was sent. */
  request: z.string().max(16_384),
  records: z.array(detailRecord).max(50),
  /** What both gateways signed (JWS), of an event out of an emergency journal. */
  journal: z
    .strictObject({
      custodian: z.string().max(MAX_JOURNAL_LENGTH),
      requester: z.string().max(MAX_JOURNAL_LENGTH).exactOptional(),
    })
    .exactOptional(),
});
export type EventDetail = z.infer<typeof eventDetail>;

export const refusedRequest = z.strictObject({
  /** SHA-256 of what was sent. */
  request: digest,
  /** Of the catalogue of errors. */
  code: word,
});
export type RefusedRequest = z.infer<typeof refusedRequest>;

/** Private value `details`: one for all the events of a transaction. */
export const details = z.strictObject({
  v: z.literal(1),
  salt: valueSalt,
  details: z.array(eventDetail).max(100),
  refused: z.array(refusedRequest).max(100),
});
export type Details = z.infer<typeof details>;

/** What whoever looked into an emergency access found. */
export const REVIEW_FINDINGS = ['justified', 'not-justified'] as const;

/** Private value `review`: somebody other than the one who looked has looked into a break-glass access. Written once. */
export const review = z.strictObject({
  v: z.literal(1),
  salt: valueSalt,
  event: eventKey,
  finding: z.enum(REVIEW_FINDINGS),
  /** The reviewer's pseudonym at that member. */
  reviewer: pseudonym,
  /** MSP id of the reviewer's member: the custodian, or oversight. */
  by: mspId,
  at: instant,
});
export type Review = z.infer<typeof review>;

/** Private value `delivery`: what the requester's receipt says of one record. */
export const delivery = z.strictObject({
  v: z.literal(1),
  salt: valueSalt,
  event: eventKey,
  record: fhirId,
  /** The receipt (JWS) as it was sent. */
  receipt: z.string().max(16_384),
  bytes: byteCount,
  digest,
  complete: z.boolean(),
  at: instant,
});
export type Delivery = z.infer<typeof delivery>;
