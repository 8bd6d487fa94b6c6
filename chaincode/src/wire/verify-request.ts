import { Buffer } from 'node:buffer';
import { z } from 'zod';
import { isKnownPurpose } from '../domain/purposes.js';
import { sha256 } from './canonical.js';
import { isSignedBy, openCompactJws, type CompactJws } from './jws.js';
import {
  REQUEST_CLOCK_TOLERANCE_SECONDS,
  REQUEST_TYP,
  requestClaims,
  type RequestClaims,
  MAX_JWS_LENGTH,
} from './request-object.js';
import type { Member, MemberKeyEntry, PublicJwk } from './values/member.js';

/** Why a request is not authentic; no event is made of it. */
export type RequestRefusal =
  | 'request-malformed'
  | 'request-wrong-audience'
  | 'request-wrong-ledger'
  | 'requester-unknown'
  | 'signing-key-unknown'
  | 'request-signature-invalid';

/** Why an authentic request is denied whatever the consents say; an event is made of it. */
export type RequestStanding = 'current' | 'request-expired' | 'request-not-yet-valid' | 'key-not-registered';

export interface RefusedRequestObject {
  readonly kind: 'refused';
  /** SHA-256 of what was sent, base64url. */
  readonly digest: string;
  readonly code: RequestRefusal;
}

export interface AuthenticRequest {
  readonly kind: 'authentic';
  readonly digest: string;
  readonly claims: RequestClaims;
  /** Who signed it, as the ledger has it; perhaps suspended, which is for the decision to say. */
  readonly requester: Member;
  readonly standing: RequestStanding;
}

/** What was sent, read but not yet verified. */
export interface ParsedRequest {
  readonly kind: 'parsed';
  readonly digest: string;
  readonly claims: RequestClaims;
  readonly jws: CompactJws;
}

export interface RequestExpectations {
  readonly ledgerId: string;
  /** MSP id of the custodian that is asked. */
  readonly custodian: string;
  /** The member with that MSP id, if the ledger has one. */
  readonly members: (mspId: string) => Member | undefined;
  /** URIs of the systems whose purposes the custodian knows beside v3 ActReason's (its policy). */
  readonly purposeSystems: readonly string[] | undefined;
  /** Time of the decision, epoch milliseconds. */
  readonly at: number;
  /** Whether that key signed the request with that digest; for who has verified signatures beforehand. Works it out of itself. */
  readonly isSigned?: (jws: CompactJws, jwk: PublicJwk, digest: string) => boolean;
}

/**
 * Whether a request object is authentic (docs/architecture.md section 3): well formed, meant for this
 * custodian on this ledger, and signed under an active signing key that the ledger has for its issuer.
 * Endorsers and the custodian's gateway use this one function, so that they cannot differ. Never throws for
 * any text.
 */
export function verifyRequestObject(
  request: string,
  expectations: RequestExpectations,
): AuthenticRequest | RefusedRequestObject {
  const parsed = parseRequestObject(request);
  return parsed.kind === 'refused' ? parsed : checkRequestObject(parsed, expectations);
}

/** The same schema, prepared: every request of every batch passes through it. */
const compiledClaims = z.compile(requestClaims);

/** First half of {@link verifyRequestObject}: tells whose keys are needed. Trust nothing of it yet. */
export function parseRequestObject(request: string): ParsedRequest | RefusedRequestObject {
  const digest = sha256(request);
  const jws = openCompactJws(request, REQUEST_TYP, MAX_JWS_LENGTH);
  const claims = compiledClaims.safeParse(jws?.claims);
  if (jws === undefined || !claims.success) {
    return { kind: 'refused', digest, code: 'request-malformed' };
  }
  return { kind: 'parsed', digest, claims: claims.data, jws };
}

/** Second half of {@link verifyRequestObject}. */
export function checkRequestObject(
  parsed: ParsedRequest,
  expectations: RequestExpectations,
): AuthenticRequest | RefusedRequestObject {
  const { digest, claims, jws } = parsed;
  const refused = (code: RequestRefusal): RefusedRequestObject => ({ kind: 'refused', digest, code });

  const { purposeSystems } = expectations;
  if (!claims.purpose.every((one) => isKnownPurpose(one, purposeSystems)))
    return refused('request-malformed');
  if (claims.ledger !== expectations.ledgerId) return refused('request-wrong-ledger');
  if (claims.aud !== expectations.custodian) return refused('request-wrong-audience');
  const requester = expectations.members(claims.iss);
  if (requester === undefined) return refused('requester-unknown');
  const key = activeKey(requester, 'sig', jws.kid);
  if (key === undefined) return refused('signing-key-unknown');
  if (!(expectations.isSigned ?? isSignedBy)(jws, key.jwk, digest))
    return refused('request-signature-invalid');
  return {
    kind: 'authentic',
    digest,
    claims,
    requester,
    standing: standingOf(claims, requester, expectations.at),
  };
}

/**
 * Whether a request object that has an event searches: what it is told of comes with its answer, and nothing of it is delivered by itself.
 * Endorsers have held it against the schema before they wrote the event.
 */
export function isSearchRequest(text: string): boolean {
  // Most do not, and need not be parsed to know that.
  if (!Buffer.from(text.split('.', 2)[1] ?? '', 'base64url').includes('"search"')) return false;
  const claims = openCompactJws(text, REQUEST_TYP, MAX_JWS_LENGTH)?.claims;
  return typeof claims === 'object' && claims !== null && Object.hasOwn(claims, 'search');
}

/** A search with the records that its custodian found, so that they are decided on as if they had been named; others stay as they are. */
export function withFound<Request extends AuthenticRequest>(
  request: Request,
  records: readonly string[],
): Request {
  if (request.claims.search === undefined) return request;
  return { ...request, claims: { ...request.claims, records: [...records] } };
}

function standingOf(claims: RequestClaims, requester: Member, at: number): RequestStanding {
  if (at >= claims.exp * 1_000) return 'request-expired';
  if (at < (claims.iat - REQUEST_CLOCK_TOLERANCE_SECONDS) * 1_000) return 'request-not-yet-valid';
  if (activeKey(requester, 'enc', claims.enc) === undefined) return 'key-not-registered';
  return 'current';
}

function activeKey<Use extends MemberKeyEntry['use']>(
  member: Member,
  use: Use,
  kid: string,
): Extract<MemberKeyEntry, { use: Use }> | undefined {
  return member.keys.find(
    (key): key is Extract<MemberKeyEntry, { use: Use }> =>
      key.kid === kid && key.use === use && key.status === 'active',
  );
}
