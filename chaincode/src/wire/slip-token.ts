import { z } from 'zod';
import { decodeBase64Url } from './base64url.js';
import { isSignedBy, openCompactJws, type CompactJws } from './jws.js';
import { base64UrlText, ledgerId, mspId, numericDate, slipKey } from './primitives.js';
import type { Member } from './values/member.js';
import { slip, type Slip } from './values/slips.js';

/** `typ` of a slip that is handed over. */
export const SLIP_TYP = 'consent-ledger-slip+jwt';

const MAX_SLIP_BYTES = 512 * 1024;

/** Longest that a slip is as a compact JWS: its value is base64url twice. */
export const MAX_SLIP_JWS_LENGTH = 1024 * 1024;

export const slipClaims = z.strictObject({
  /** Custodian's MSP id. */
  iss: mspId,
  /** MSP id of the member that the slip is for. */
  aud: mspId,
  ledger: ledgerId,
  iat: numericDate,
  /** Key of the slip in the custodian's collection. */
  key: slipKey,
  /** The bytes whose SHA-256 every peer has. */
  value: base64UrlText(MAX_SLIP_BYTES),
  /** A word that saves looking; what counts is the peer's. */
  note: z.literal('withdrawn').exactOptional(),
});
export type SlipClaims = z.infer<typeof slipClaims>;

export interface SlipExpectations {
  readonly ledgerId: string;
  /** MSP id of the member that it must be for. */
  readonly member: string;
  /** As the ledger has them. */
  readonly members: (mspId: string) => Member | undefined;
}

export interface DeliveredSlip {
  readonly claims: SlipClaims;
  readonly bytes: Buffer;
  readonly slip: Slip;
}

/**
 * A slip that a custodian signed, with an active key of the ledger's, for this member and ledger, of its own collection;
 * undefined for any other text.
 */
export function verifySlip(text: string, expectations: SlipExpectations): DeliveredSlip | undefined {
  const jws = openCompactJws(text, SLIP_TYP, MAX_SLIP_JWS_LENGTH);
  const claims = slipClaims.safeParse(jws?.claims);
  if (jws === undefined || !claims.success) return undefined;
  const { iss, aud, ledger, value } = claims.data;
  if (aud !== expectations.member || ledger !== expectations.ledgerId) return undefined;
  if (!isFrom(expectations.members(iss), jws)) return undefined;
  const bytes = decodeBase64Url(value);
  const parsed = bytes === undefined ? undefined : slip.safeParse(jsonOf(bytes));
  if (bytes === undefined || parsed?.success !== true) return undefined;
  const isMeant = parsed.data.custodian === iss && parsed.data.member === aud;
  return isMeant ? { claims: claims.data, bytes, slip: parsed.data } : undefined;
}

function isFrom(custodian: Member | undefined, jws: CompactJws): boolean {
  if (custodian?.status !== 'active') return false;
  const key = custodian.keys.find(
    (entry) => entry.kid === jws.kid && entry.use === 'sig' && entry.status === 'active',
  );
  return key?.use === 'sig' && isSignedBy(jws, key.jwk);
}

function jsonOf(bytes: Buffer): unknown {
  try {
    return JSON.parse(bytes.toString('utf8')) as unknown;
  } catch {
    return undefined; // The schema refuses it.
  }
}
