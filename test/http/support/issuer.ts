import { readFileSync } from 'node:fs';
import { createServer } from 'node:https';
import { exportJWK, generateKeyPair, SignJWT, type JWK, type JWTPayload } from 'jose';

/** The token issuers of all members: real signatures, whatever claims a test wants. */
export interface TestIssuer {
  /** A token of that member for one of its users; `claims` overrides, `undefined` leaves out. */
  token(
    member: IssuerMember,
    user: string,
    roles: readonly string[],
    claims?: TokenOverrides,
  ): Promise<string>;
  /** Requests for keys so far. */
  readonly fetches: number;
  close(): Promise<void>;
}

export interface IssuerMember {
  readonly issuer: string;
  readonly audience: string;
}

export interface TokenOverrides {
  readonly header?: Readonly<Record<string, unknown>>;
  readonly payload?: Readonly<Record<string, unknown>>;
  /** Sign with a key that the issuer does not publish. */
  readonly foreignKey?: boolean;
}

export async function startIssuer(options: {
  readonly port: number;
  readonly certificate: string;
  readonly key: string;
}): Promise<TestIssuer> {
  const own = await generateKeyPair('ES256', { extractable: true });
  const foreign = await generateKeyPair('ES256');
  const jwk: JWK = { ...(await exportJWK(own.publicKey)), kid: 'issuer-1', alg: 'ES256', use: 'sig' };
  let fetches = 0;
  const server = createServer(
    { cert: readFileSync(options.certificate), key: readFileSync(options.key) },
    (_request, response) => {
      fetches += 1;
      response.setHeader('content-type', 'application/json').end(JSON.stringify({ keys: [jwk] }));
    },
  );
  await new Promise<void>((resolve) => server.listen(options.port, '127.0.0.1', resolve));
  return {
    async token({ issuer, audience }, user, roles, overrides = {}) {
      const now = Math.floor(Date.now() / 1000);
      const payload = {
        iss: issuer,
        aud: audience,
        sub: user,
        roles,
        iat: now,
        exp: now + 300,
        ...overrides.payload,
      };
      const header = { alg: 'ES256', typ: 'at+jwt', kid: 'issuer-1', ...overrides.header };
      return new SignJWT(defined(payload))
        .setProtectedHeader(header)
        .sign(overrides.foreignKey === true ? foreign.privateKey : own.privateKey);
    },
    get fetches() {
      return fetches;
    },
    close: () =>
      new Promise((resolve) => {
        server.close(() => {
          resolve();
        });
        server.closeAllConnections();
      }),
  };
}

function defined(payload: Record<string, unknown>): JWTPayload {
  return Object.fromEntries(Object.entries(payload).filter(([, value]) => value !== undefined));
}
