import { z } from 'zod';
import { person } from './values/studies.js';
import { eventKey, fhirId, jti, kid, mspId, slipKey, version, withdrawnKey } from './primitives.js';

/*
 * Queries are evaluated on the own peer and never submitted. A query for one value answers with the bytes
 * that the ledger holds, or with none where it holds nothing; the others say what they answer with.
 */

const v = z.literal(1);

/**
 * Those for one thing answer with the value (an agreement's or a legal basis's newest version), `members` with `{"members": [value...]}` ordered by MSP id, `checkpoint`
 * with `{"signatures": [value...]}` of all members for that block, in the same order.
 */
export const registryQuery = z.discriminatedUnion('query', [
  z.strictObject({ v, query: z.literal('ledger') }),
  z.strictObject({ v, query: z.literal('epoch') }),
  z.strictObject({ v, query: z.literal('members') }),
  z.strictObject({ v, query: z.literal('member'), mspId }),
  z.strictObject({ v, query: z.literal('study'), study: fhirId }),
  z.strictObject({ v, query: z.literal('checkpoint'), block: z.int().min(0).max(999_999_999_999_999) }),
  z.strictObject({ v, query: z.literal('agreement'), members: z.tuple([mspId, mspId]) }),
  z.strictObject({ v, query: z.literal('agreement-proposal'), members: z.tuple([mspId, mspId]) }),
  z.strictObject({ v, query: z.literal('legal-basis'), basis: fhirId }),
  z.strictObject({ v, query: z.literal('legal-basis-proposal'), basis: fhirId }),
]);
export type RegistryQuery = z.infer<typeof registryQuery>;

/**
 * `consent` without a version asks for the first; the newest is the one in `policies`.
 * `event-hash` and `slip-hash` answer with `{"hash": <base64url SHA-256>}` or with nothing; any member's peer can tell.
 */
export const custodyQuery = z.discriminatedUnion('query', [
  z.strictObject({ v, query: z.literal('custody') }),
  z.strictObject({ v, query: z.literal('subject'), subject: fhirId }),
  z.strictObject({ v, query: z.literal('record'), record: fhirId }),
  z.strictObject({ v, query: z.literal('consent'), consent: fhirId, version: version.exactOptional() }),
  z.strictObject({ v, query: z.literal('policies'), subject: fhirId }),
  z.strictObject({ v, query: z.literal('key'), subject: fhirId, key: kid }),
  z.strictObject({ v, query: z.literal('delegation'), delegation: fhirId }),
  z.strictObject({ v, query: z.literal('event'), requester: mspId, jti }),
  z.strictObject({ v, query: z.literal('event-hash'), event: eventKey }),
  z.strictObject({ v, query: z.literal('slip-hash'), slip: slipKey }),
  z.strictObject({ v, query: z.literal('enrolment'), study: fhirId, subject: fhirId }),
]);
export type CustodyQuery = z.infer<typeof custodyQuery>;

/** `withdrawn-hash` is to `withdrawn` what `event-hash` is to `event`. */
export const withdrawalQuery = z.discriminatedUnion('query', [
  z.strictObject({ v, query: z.literal('withdrawals'), subject: fhirId }),
  z.strictObject({ v, query: z.literal('withdrawn'), consent: fhirId }),
  z.strictObject({ v, query: z.literal('withdrawn-hash'), withdrawn: withdrawnKey }),
]);
export type WithdrawalQuery = z.infer<typeof withdrawalQuery>;

export const studyQuery = z.discriminatedUnion('query', [
  z.strictObject({ v, query: z.literal('terms'), study: fhirId }),
  z.strictObject({ v, query: z.literal('participation'), study: fhirId, person }),
  z.strictObject({ v, query: z.literal('stopping'), study: fhirId, person }),
]);
export type StudyQuery = z.infer<typeof studyQuery>;

export type Query = RegistryQuery | CustodyQuery | WithdrawalQuery | StudyQuery;
export type QueryName = Query['query'];
