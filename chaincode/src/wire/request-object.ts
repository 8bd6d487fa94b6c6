import { z } from 'zod';
import {
  code,
  coding,
  fhirDate,
  fhirId,
  jti,
  kid,
  ledgerId,
  mspId,
  numericDate,
  pseudonym,
  reference,
  unique,
} from './primitives.js';

/** `typ` of a request object. */
export const REQUEST_TYP = 'consent-ledger-request+jwt';

/** Longest life of a request, in seconds. */
export const MAX_REQUEST_LIFETIME_SECONDS = 300;

/**
 * Requester's and custodian's clocks may differ by so much, in seconds, before a request counts as from the
 * future.
 */
export const REQUEST_CLOCK_TOLERANCE_SECONDS = 30;

/** Longest text of a request object or a receipt, in characters. */
export const MAX_JWS_LENGTH = 16_384;

/** Most records in one request. */
export const MAX_RECORDS = 50;

/**
 * What a requester looks for in the place of records that it can name: the custodian finds them, the rules decide on each, and the
 * event says which it was told of.
 */
export const searchClaims = z.strictObject({
  /** Whose records: a reference that the custodian gave this requester. */
  person: z.string().regex(/^[A-Za-z0-9._/-]{1,1024}$/),
  resourceType: z
    .string()
    .regex(/^[A-Z][A-Za-z]{1,63}$/)
    .exactOptional(),
  /** One of these. */
  codes: z.array(coding).min(1).max(20).exactOptional(),
  authored: z
    .strictObject({ start: fhirDate.exactOptional(), end: fhirDate.exactOptional() })
    .exactOptional(),
  /** Where the page before ended, as the custodian said it. */
  after: z
    .string()
    .regex(/^[A-Za-z0-9_-]{1,512}$/)
    .exactOptional(),
  /** Most records of a page. */
  limit: z.int().min(1).max(MAX_RECORDS),
});
export type SearchClaims = z.infer<typeof searchClaims>;

/** Claims of a request object: who asks whom for what, on behalf of which user, and for which key. */
export const requestClaims = z
  .strictObject({
    /** Requester's MSP id. */
    iss: mspId,
    /** Custodian's MSP id. */
    aud: mspId,
    ledger: ledgerId,
    jti,
    iat: numericDate,
    exp: numericDate,
    /** The user's pseudonym at the requester. */
    sub: pseudonym,
    roles: unique(code, 0, 32),
    /** What the member attests about the user; absent is unknown, empty is nobody. */
    references: unique(reference, 0, 64).exactOptional(),
    auth: z.strictObject({
      /** When the user authenticated. */
      time: numericDate,
      /** How (RFC 8176). */
      methods: unique(code, 1, 8),
    }),
    purpose: unique(code, 1, 8),
    /** The custodian's record ids; none where they are searched for. */
    records: unique(fhirId, 0, MAX_RECORDS),
    search: searchClaims.exactOptional(),
    /** The requester's registered encryption key. */
    enc: kid,
    emergency: z.strictObject({ reason: z.string().regex(/^[^\p{C}]{1,500}$/u) }).exactOptional(),
    legalBasis: fhirId.exactOptional(),
    /** The study that it is asked for. */
    study: fhirId.exactOptional(),
  })
  .refine((claims) => claims.exp > claims.iat && claims.exp - claims.iat <= MAX_REQUEST_LIFETIME_SECONDS, {
    path: ['exp'],
  })
  .refine(({ records, search }) => (records.length === 0) === (search !== undefined), { path: ['records'] });
export type RequestClaims = z.infer<typeof requestClaims>;
