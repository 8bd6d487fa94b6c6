import { request } from 'node:https';
import { buffer } from 'node:stream/consumers';
import { z } from '@consent-ledger/chaincode/wire';
import { createRemoteJWKSet, customFetch, errors, jwtVerify, type FetchImplementation } from 'jose';
import { ServiceRefusal } from './service-refusal.js';

export interface TokenOptions {
  readonly issuer: string;
  readonly audience: string;
  readonly jwksUri: string;
  /** Name of the claim that holds the roles. */
  readonly rolesClaim: string;
  /** PEM of the CA of the issuer; absent: the public ones. */
  readonly ca?: Buffer;
}

/** Who asks: the token's subject, once it is sure that its holder is an auditor of this member. */
export type Authenticate = (authorization: string | undefined) => Promise<string>;

/** As the gateways take them (RFC 9068); asymmetric algorithms only. */
const PINNED = { algorithms: ['ES256', 'RS256'], typ: 'at+jwt', clockTolerance: 5 };
const ROLE = 'auditor';
const DEADLINE_MS = 5_000;
const MAX_TOKEN = 8_192;
const roles = z.array(z.string()).max(32);

/** @returns what throws a ServiceRefusal (401, 403, 503) for anybody but an auditor */
export function auditorsOnly({ issuer, audience, jwksUri, rolesClaim, ca }: TokenOptions): Authenticate {
  const keys = createRemoteJWKSet(new URL(jwksUri), {
    timeoutDuration: DEADLINE_MS,
    ...(ca !== undefined && { [customFetch]: fetchTrusting(ca) }),
  });
  const expected = { ...PINNED, issuer, audience, requiredClaims: ['sub', 'exp', 'iat'] };
  return async (authorization) => {
    if (authorization === undefined) throw new ServiceRefusal('token-missing');
    const token = /^Bearer ([A-Za-z0-9._~+/=-]+)$/i.exec(authorization)?.[1];
    if (token === undefined || token.length > MAX_TOKEN) throw new ServiceRefusal('token-invalid');
    const { payload } = await jwtVerify(token, keys, expected).catch((error: unknown) => {
      throw refusalFor(error);
    });
    const held = roles.safeParse(payload[rolesClaim] ?? []);
    if (!held.success || payload.sub === undefined) throw new ServiceRefusal('token-invalid');
    if (!held.data.includes(ROLE)) throw new ServiceRefusal('role-missing');
    return payload.sub;
  };
}

/** That the keys cannot be fetched is nobody's token's fault. */
function refusalFor(error: unknown): ServiceRefusal {
  const tokenIsWrong =
    error instanceof errors.JOSEError &&
    !(error instanceof errors.JWKSTimeout) &&
    !(error instanceof errors.JWKSInvalid) &&
    error.code !== 'ERR_JOSE_GENERIC';
  return new ServiceRefusal(tokenIsWrong ? 'token-invalid' : 'issuer-unavailable', [], { cause: error });
}

/** Node's own `fetch` knows no CA of one's own. */
function fetchTrusting(ca: Buffer): FetchImplementation {
  return (url, { signal }) =>
    new Promise((resolve, reject) => {
      const asked = request(url, { ca, signal: signal, agent: false }, (response) => {
        buffer(response).then((body) => {
          resolve(new Response(Uint8Array.from(body), { status: response.statusCode ?? 500 }));
        }, reject);
      });
      asked.once('error', reject);
      asked.end();
    });
}
