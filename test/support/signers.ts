import {
  encodeBase64Url,
  personKeyId,
  STATEMENT_TYP,
  statementBytes,
  statementChallenge,
  type GivenKey,
  type PersonJwk,
  type Proof,
  type Statement,
} from '@consent-ledger/chaincode/wire';
import { createHash, generateKeyPairSync, randomBytes, sign, type KeyObject } from 'node:crypto';

export type Algorithm = 'ES256' | 'EdDSA';

/** Somebody's key, registered or not: an application's, or a passkey in an authenticator made of software. */
export interface Signer {
  readonly kid: string;
  readonly jwk: PersonJwk;
  readonly privateKey: KeyObject;
  readonly given: GivenKey;
  prove(statement: Statement): Proof;
}

export interface KeyPair {
  readonly privateKey: KeyObject;
  readonly jwk: PersonJwk;
}

export function newKeyPair(algorithm: Algorithm): KeyPair {
  const { privateKey, publicKey } =
    algorithm === 'ES256'
      ? generateKeyPairSync('ec', { namedCurve: 'P-256' })
      : generateKeyPairSync('ed25519');
  const { x = '', y = '' } = publicKey.export({ format: 'jwk' });
  const jwk: PersonJwk =
    algorithm === 'ES256' ? { kty: 'EC', crv: 'P-256', x, y } : { kty: 'OKP', crv: 'Ed25519', x };
  return { privateKey, jwk };
}

/** A key that signs JWS. */
export function newAppKey(
  algorithm: Algorithm = 'ES256',
  { privateKey, jwk } = newKeyPair(algorithm),
): Signer {
  const kid = personKeyId(jwk);
  return {
    kid,
    jwk,
    privateKey,
    given: { kind: 'jwk', jwk },
    prove: (statement) => ({
      method: 'jws',
      jws: detachedJws(statement, privateKey, { alg: algorithm, kid }),
    }),
  };
}

export function detachedJws(
  statement: Statement,
  privateKey: KeyObject,
  header: Readonly<Record<string, unknown>>,
): string {
  const head = encodeBase64Url(Buffer.from(JSON.stringify({ typ: STATEMENT_TYP, ...header })));
  const signed = `${head}.${encodeBase64Url(statementBytes(statement))}`;
  const signature =
    privateKey.asymmetricKeyType === 'ec'
      ? sign('sha256', Buffer.from(signed), { key: privateKey, dsaEncoding: 'ieee-p1363' })
      : sign(null, Buffer.from(signed), privateKey);
  return `${head}..${encodeBase64Url(signature)}`;
}

export const RELYING_PARTY = { id: 'riverside.example', origins: ['https://portal.riverside.example'] };

/** What an authenticator, and the browser before it, say; a test changes one thing or another. */
export interface Ceremony {
  readonly type: string;
  readonly origin: string;
  readonly crossOrigin: boolean | undefined;
  readonly relyingParty: string;
  /** User present, user verified, backup eligible, backed up. */
  readonly flags: number;
  /** Counts what it signs; 0 throughout where it does not. */
  readonly count: number;
  readonly challenge: (statement: Statement) => Buffer;
  readonly clientData: ((text: string) => string | Buffer) | undefined;
  readonly authenticatorData: ((bytes: Buffer) => Buffer) | undefined;
}

export interface Passkey extends Signer {
  prove(statement: Statement, changes?: Partial<Ceremony>): Proof & { readonly method: 'webauthn' };
}

export function newPasskey(algorithm: Algorithm = 'ES256', relyingParty = RELYING_PARTY): Passkey {
  const { privateKey, jwk } = newKeyPair(algorithm);
  const kid = personKeyId(jwk);
  const [origin = ''] = relyingParty.origins;
  return {
    kid,
    jwk,
    privateKey,
    given: {
      kind: 'passkey',
      credential: encodeBase64Url(randomBytes(32)),
      cose: encodeBase64Url(coseOf(jwk)),
      relyingParty: { id: relyingParty.id, origins: [...relyingParty.origins] },
    },
    prove(statement, changes = {}) {
      const ceremony: Ceremony = {
        type: 'webauthn.get',
        origin,
        crossOrigin: false,
        relyingParty: relyingParty.id,
        flags: 0x1d,
        count: 0,
        challenge: statementChallenge,
        clientData: undefined,
        authenticatorData: undefined,
        ...changes,
      };
      return { method: 'webauthn', key: kid, ...assertion(statement, ceremony, privateKey) };
    },
  };
}

function assertion(
  statement: Statement,
  { type, origin, crossOrigin, relyingParty, flags, count, ...rest }: Ceremony,
  privateKey: KeyObject,
): { clientData: string; authenticatorData: string; signature: string } {
  const challenge = encodeBase64Url(rest.challenge(statement));
  const written = JSON.stringify({ type, challenge, origin, crossOrigin });
  const clientData = Buffer.from(rest.clientData?.(written) ?? written);
  const counter = Buffer.alloc(4);
  counter.writeUInt32BE(count);
  const plain = Buffer.concat([sha256(relyingParty), Buffer.from([flags]), counter]);
  const authenticatorData = rest.authenticatorData?.(plain) ?? plain;
  const signed = Buffer.concat([authenticatorData, sha256(clientData)]);
  const digest = privateKey.asymmetricKeyType === 'ec' ? 'sha256' : null;
  return {
    clientData: encodeBase64Url(clientData),
    authenticatorData: encodeBase64Url(authenticatorData),
    signature: encodeBase64Url(sign(digest, signed, privateKey)),
  };
}

/** COSE_Key as CTAP2 has it; written by hand, apart from the product's own reader. */
export function coseOf(jwk: PersonJwk): Buffer {
  const part = (text: string): Buffer => Buffer.from(text, 'base64url');
  return jwk.kty === 'OKP'
    ? Buffer.concat([Buffer.from([0xa4, 1, 1, 3, 0x27, 0x20, 6, 0x21, 0x58, 32]), part(jwk.x)])
    : Buffer.concat([
        Buffer.from([0xa5, 1, 2, 3, 0x26, 0x20, 1, 0x21, 0x58, 32]),
        part(jwk.x),
        Buffer.from([0x22, 0x58, 32]),
        part(jwk.y),
      ]);
}

function sha256(content: string | Buffer): Buffer {
  return createHash('sha256').update(content).digest();
}
