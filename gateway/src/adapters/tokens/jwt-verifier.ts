import { hash } from 'node:crypto';
import { z } from '@consent-ledger/chaincode/wire';
import {
  createRemoteJWKSet,
  customFetch,
  errors,
  jwtVerify,
  type FetchImplementation,
  type JWTPayload,
} from 'jose';
import type { TokenVerifier, User } from '../../ports/token-verifier.js';
import { Lru } from '../../usecases/lru.js';
import { Refusal } from '../../usecases/refusal.js';

export interface JwtVerifierOptions {
  readonly issuer: string;
  readonly audience: string;
  readonly jwksUri: string;
  /** Name of the claim that holds the roles. */
  readonly rolesClaim: string;
  readonly fetch: FetchImplementation;
}

/** RFC 9068 access tokens; asymmetric algorithms only. */
const PINNED = { algorithms: ['ES256', 'RS256'], typ: 'at+jwt', clockTolerance: 5 };
const FETCH_DEADLINE_MS = 5_000;

/** Tokens whose verification is remembered, and for how long: a key that the issuer withdraws counts no longer than that. */
const REMEMBERED = 10_000;
const REMEMBERED_MS = 60_000;

interface Remembered {
  readonly user: User;
  /** Epoch milliseconds. */
  readonly until: number;
}

const claimsSchema = z.object({
  sub: z.string().min(1).max(256),
  iat: z.number(),
  auth_time: z.int().min(0).optional(),
  amr: z
    .array(z.string().regex(/^[!-~]{1,64}$/))
    .min(1)
    .max(8)
    .optional(),
  fhirUser: z
    .string()
    .regex(/^[A-Za-z]{1,40}\/[A-Za-z0-9.-]{1,64}$/)
    .optional(),
  references: z
    .array(z.string().regex(/^[A-Za-z]{1,40}\/[A-Za-z0-9.-]{1,64}$/))
    .max(63)
    .optional(),
});
const rolesSchema = z.array(z.string().regex(/^[a-z][a-z0-9-]{0,63}$/)).max(32);

/**
 * Access tokens of one issuer, verified with the keys that it publishes. The same token is verified once a minute: what
 * is remembered is its digest, with the user, never beyond its expiry.
 */
export function createJwtVerifier(options: JwtVerifierOptions): TokenVerifier {
  const keys = createRemoteJWKSet(new URL(options.jwksUri), {
    timeoutDuration: FETCH_DEADLINE_MS,
    [customFetch]: options.fetch,
  });
  const expected = {
    ...PINNED,
    issuer: options.issuer,
    audience: options.audience,
    requiredClaims: ['sub', 'exp', 'iat'],
  };
  const remembered = new Lru<Remembered>(REMEMBERED);
  return {
    async verify(token) {
      const digest = hash('sha256', token, 'base64url');
      const known = remembered.get(digest);
      if (known !== undefined && Date.now() < known.until) return known.user;
      let payload: JWTPayload;
      try {
        ({ payload } = await jwtVerify(token, keys, expected));
      } catch (error) {
        throw refusalFor(error);
      }
      const user = userOf(payload, options.rolesClaim);
      const until = Math.min(Date.now() + REMEMBERED_MS, (payload.exp ?? 0) * 1000);
      remembered.set(digest, { user, until });
      return user;
    },
    async probe() {
      if (keys.fresh) return;
      try {
        await keys.reload();
      } catch (error) {
        throw refusalFor(error);
      }
    },
  };
}

function userOf(payload: JWTPayload, rolesClaim: string): User {
  const claims = claimsSchema.safeParse(payload);
  const roles = rolesSchema.safeParse(payload[rolesClaim] ?? []);
  if (!claims.success || !roles.success) throw new Refusal('token-invalid');
  const { sub, iat, auth_time: authenticatedAt, amr, fhirUser, references } = claims.data;
  const attested = [...(fhirUser === undefined ? [] : [fhirUser]), ...(references ?? [])];
  return {
    subject: sub,
    roles: [...new Set(roles.data)],
    ...(fhirUser === undefined && references === undefined ? {} : { references: [...new Set(attested)] }),
    authenticatedAt: authenticatedAt ?? Math.floor(iat),
    methods: [...new Set(amr ?? ['unknown'])],
  };
}

/** What is wrong with the token is not told in detail; that the keys cannot be fetched is nobody's token's fault. */
function refusalFor(error: unknown): Refusal {
  const tokenIsWrong =
    error instanceof errors.JOSEError &&
    !(error instanceof errors.JWKSTimeout) &&
    !(error instanceof errors.JWKSInvalid) &&
    error.code !== 'ERR_JOSE_GENERIC';
  return new Refusal(tokenIsWrong ? 'token-invalid' : 'issuer-unavailable', { cause: error });
}
