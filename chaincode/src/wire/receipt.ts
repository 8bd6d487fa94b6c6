import { z } from 'zod';
import { isSignedBy, openCompactJws } from './jws.js';
import { byteCount, digest, eventKey, fhirId, ledgerId, mspId, numericDate } from './primitives.js';
import { MAX_RECORDS, MAX_JWS_LENGTH } from './request-object.js';
import type { Member } from './values/member.js';

/** `typ` of a receipt. */
export const RECEIPT_TYP = 'consent-ledger-receipt+jwt';

/** What the requester says it received, ciphertext for ciphertext. */
export const receiptClaims = z.strictObject({
  /** Requester's MSP id. */
  iss: mspId,
  /** Custodian's MSP id. */
  aud: mspId,
  ledger: ledgerId,
  iat: numericDate,
  event: eventKey,
  records: z
    .array(z.strictObject({ record: fhirId, bytes: byteCount, digest, complete: z.boolean() }))
    .min(1)
    .max(MAX_RECORDS)
    .refine((records) => new Set(records.map(({ record }) => record)).size === records.length),
});
export type ReceiptClaims = z.infer<typeof receiptClaims>;

export interface ReceiptExpectations {
  readonly ledgerId: string;
  /** MSP id of the custodian that released. */
  readonly custodian: string;
  /** Key of the event that the release rests on. */
  readonly event: string;
  /** Who asked, as the ledger has it. */
  readonly requester: Member;
}

/**
 * The claims of a receipt that the event's requester signed for this custodian, ledger and event; undefined
 * for any other text. A retired key still signs for what was released to it, since a receipt gives nobody
 * anything.
 */
export function verifyReceipt(receipt: string, expectations: ReceiptExpectations): ReceiptClaims | undefined {
  const jws = openCompactJws(receipt, RECEIPT_TYP, MAX_JWS_LENGTH);
  const claims = receiptClaims.safeParse(jws?.claims);
  if (jws === undefined || !claims.success) return undefined;
  const { iss, aud, ledger, event } = claims.data;
  const { requester } = expectations;
  const meant =
    iss === requester.mspId &&
    aud === expectations.custodian &&
    ledger === expectations.ledgerId &&
    event === expectations.event;
  const key = requester.keys.find((entry) => entry.kid === jws.kid && entry.use === 'sig');
  return meant && key?.use === 'sig' && isSignedBy(jws, key.jwk) ? claims.data : undefined;
}
