import { createLocalJWKSet, decodeProtectedHeader, jwtVerify, type JWK, type JWTVerifyGetKey } from 'jose';
import type { TokenVerifier, User } from '../../ports/token-verifier.js';
import { Lru } from '../../usecases/lru.js';
import { Refusal } from '../../usecases/refusal.js';

export interface CdsClient {
  /** `iss` of its tokens. */
  readonly issuer: string;
  /** Public keys, exchanged out of band: an address that a token names (`jku`) is never asked. */
  readonly keys: readonly JWK[];
}

/** Asymmetric algorithms; CDS Hooks recommends the 384-bit ones. */
const ALGORITHMS = ['ES256', 'ES384', 'RS256', 'RS384'];
const MAX_AGE_SECONDS = 300;
const TOLERANCE_SECONDS = 5;
const REMEMBERED = 100_000;
const JTI = /^[!-~]{1,256}$/;

/**
 * Tokens that an EHR signs itself for each call (CDS Hooks 2.0, "Trusting CDS Clients"): `aud` is the service's address,
 * valid for five minutes at most, good for one call. Whoever shows one counts as a clinician of this member. Any other
 * token is left to `others`.
 */
export function createCdsClientVerifier(
  clients: readonly CdsClient[],
  audience: string,
  others: TokenVerifier,
): TokenVerifier {
  const keysOf = new Map<string, JWTVerifyGetKey>(
    clients.map(({ issuer, keys }) => [issuer, createLocalJWKSet({ keys: [...keys] })]),
  );
  const seen = new Lru<number>(REMEMBERED);
  return {
    verify: async (token) =>
      isClients(token) ? verify(token, keysOf, audience, seen) : others.verify(token),
    probe: () => others.probe(),
  };
}

/** Access tokens say `at+jwt` (RFC 9068); those of CDS Hooks say `JWT`. */
function isClients(token: string): boolean {
  try {
    return decodeProtectedHeader(token).typ === 'JWT';
  } catch {
    return false; // Whatever it is, the other verifier refuses it.
  }
}

async function verify(
  token: string,
  keysOf: ReadonlyMap<string, JWTVerifyGetKey>,
  audience: string,
  seen: Lru<number>,
): Promise<User> {
  try {
    const { payload } = await jwtVerify(
      token,
      (header, jws) => {
        const { iss } = JSON.parse(Buffer.from(jws.payload as string, 'base64url').toString('utf8')) as {
          iss?: unknown;
        };
        const keys = typeof iss === 'string' ? keysOf.get(iss) : undefined;
        if (keys === undefined) throw new Error('no client of that name');
        return keys(header, jws);
      },
      {
        algorithms: ALGORITHMS,
        typ: 'JWT',
        audience,
        clockTolerance: TOLERANCE_SECONDS,
        maxTokenAge: MAX_AGE_SECONDS,
        requiredClaims: ['iss', 'aud', 'exp', 'iat', 'jti'],
      },
    );
    const { iss = '', exp = 0, iat = 0, jti = '' } = payload;
    if (exp - iat > MAX_AGE_SECONDS || !JTI.test(jti)) throw new Error('too long, or without a proper jti');
    const name = `${iss} ${jti}`;
    if (seen.get(name) !== undefined) throw new Error('used before');
    seen.set(name, exp);
    return {
      subject: `cds-client ${iss}`,
      roles: ['clinician'],
      authenticatedAt: iat,
      methods: ['cds-hooks'],
    };
  } catch (cause) {
    throw new Refusal('token-invalid', { cause });
  }
}
