import { expect } from 'chai';
import { readFileSync } from 'node:fs';
import { compactDecrypt, importJWK, type JWK } from 'jose';
import {
  decodeBase64Url,
  isSignedBy,
  isSignedByPerson,
  isUsableHybridJwk,
  type PublicJwk,
} from '@consent-ledger/chaincode/wire';
import { RECORD_KEY_ALGORITHMS } from '@consent-ledger/gateway/internal/adapters/keys/member-keys';

type Result = 'valid' | 'invalid' | 'acceptable';
type Signed = readonly [id: number, comment: string, message: string, signature: string, result: Result];

/** Vectors that Project Wycheproof made of what implementations got wrong; which of them are here, test/vectors/README.md says. */
function vectors(name: string): unknown {
  return JSON.parse(
    readFileSync(new URL(`../../../vectors/wycheproof/${name}.json`, import.meta.url), 'utf8'),
  );
}

const bytes = (hex: string): Buffer => Buffer.from(hex, 'hex');

describe("Wycheproof's vectors, on what this project verifies and opens with", () => {
  it('ECDSA of members: P-256, r || s', () => {
    for (const { jwk, tests } of vectors('ecdsa-p256-p1363') as { jwk: PublicJwk; tests: Signed[] }[]) {
      for (const [id, comment, message, signature, result] of tests) {
        // Nothing else than 64 bytes is handed to it (`openCompactJws`).
        const isVerified =
          signature.length === 128 &&
          isSignedBy(
            {
              kid: '',
              claims: undefined,
              signed: bytes(message).toString('latin1'),
              signature: bytes(signature),
            },
            jwk,
          );
        expect(isVerified, `${id} ${comment}`).to.equal(result === 'valid');
      }
    }
  });

  it('ECDSA of persons and passkeys: P-256, DER', () => {
    for (const { jwk, tests } of vectors('ecdsa-p256-der') as { jwk: PublicJwk; tests: Signed[] }[])
      for (const [id, comment, message, signature, result] of tests)
        expect(isSignedByPerson(jwk, bytes(message), bytes(signature)), `${id} ${comment}`).to.equal(
          result === 'valid',
        );
  });

  it('EdDSA of persons and passkeys: Ed25519', () => {
    interface Group {
      readonly jwk: { kty: 'OKP'; crv: 'Ed25519'; x: string };
      readonly tests: Signed[];
    }
    for (const { jwk, tests } of vectors('ed25519') as Group[])
      for (const [id, comment, message, signature, result] of tests)
        expect(isSignedByPerson(jwk, bytes(message), bytes(signature)), `${id} ${comment}`).to.equal(
          result === 'valid',
        );
  });

  it('JWS with ES256', () => {
    interface Group {
      readonly jwk: PublicJwk;
      readonly tests: (readonly [number, string, string, Result])[];
    }
    for (const { jwk, tests } of vectors('jws-es256') as Group[])
      for (const [id, comment, jws, result] of tests)
        expect(isWellSigned(jws, jwk), `${id} ${comment}`).to.equal(result === 'valid');
  });

  it('JWE with ECDH-ES: nothing but the algorithms of record keys is opened', async () => {
    interface Group {
      readonly jwk: JWK;
      readonly tests: (readonly [number, string, string, string | null, Result])[];
    }
    let opened = 0;
    for (const { jwk, tests } of vectors('jwe-ecdh') as Group[]) {
      const key = await importJWK(jwk, 'ECDH-ES+A256KW');
      for (const [id, comment, jwe, plaintext, result] of tests) {
        const header = headerOf(jwe);
        const mayOpen =
          result === 'valid' && header['alg'] === 'ECDH-ES+A256KW' && header['enc'] === 'A256GCM';
        const got = await compactDecrypt(jwe, key, RECORD_KEY_ALGORITHMS).then(
          (one) => Buffer.from(one.plaintext).toString('hex'),
          () => undefined,
        );
        expect(got, `${id} ${comment}`).to.equal(mayOpen ? plaintext : undefined);
        if (got !== undefined) opened += 1;
      }
    }
    expect(opened).to.be.greaterThan(0);
  });

  it('keys of ML-KEM-768: whose coefficients are out of range is none', () => {
    const x25519 = Buffer.alloc(32, 9);
    for (const [id, comment, key, result] of vectors('ml-kem-768-keys') as [
      number,
      string,
      string,
      Result,
    ][]) {
      const pub = Buffer.concat([Buffer.from(key, 'base64url'), x25519]).toString('base64url');
      expect(isUsableHybridJwk({ kty: 'AKP', alg: 'HPKE-10', pub }), `${id} ${comment}`).to.equal(
        result === 'valid',
      );
    }
  });
});

function isWellSigned(jws: string, jwk: PublicJwk): boolean {
  const [header = '', payload = '', last = '', ...more] = jws.split('.');
  const signature = decodeBase64Url(last);
  if (more.length > 0 || signature?.length !== 64) return false;
  if (decodeBase64Url(header) === undefined || decodeBase64Url(payload) === undefined) return false;
  if (headerOf(jws)['alg'] !== 'ES256') return false;
  return isSignedBy({ kid: '', claims: undefined, signed: `${header}.${payload}`, signature }, jwk);
}

function headerOf(jose: string): Record<string, unknown> {
  try {
    const [header = ''] = jose.split('.');
    return JSON.parse(Buffer.from(header, 'base64url').toString('utf8')) as Record<string, unknown>;
  } catch {
    return {};
  }
}
