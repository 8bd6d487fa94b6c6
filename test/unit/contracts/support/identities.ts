import 'reflect-metadata'; // needed by @peculiar/x509, before it is loaded
import {
  encodeBase64Url,
  thumbprintOf,
  type MemberKeyEntry,
  type PublicJwk,
} from '@consent-ledger/chaincode/wire';
import { X509CertificateGenerator, type JsonName } from '@peculiar/x509';
import { generateKeyPairSync, KeyObject, sign, type webcrypto } from 'node:crypto';

const ALGORITHM = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' } as const;

/** A certificate with these organisational units. Who issued it is the peer's business, so it signs itself. */
export async function certificateWith(units: readonly string[]): Promise<string> {
  return selfSigned(units, await crypto.subtle.generateKey(ALGORITHM, true, ['sign', 'verify']));
}

export interface SigningCertificate {
  readonly pem: string;
  readonly privateKey: KeyObject;
}

/** Such a certificate with its key, for what is signed beside a proposal. */
export async function signingCertificate(units: readonly string[]): Promise<SigningCertificate> {
  const keys = await crypto.subtle.generateKey(ALGORITHM, true, ['sign', 'verify']);
  const pem = await selfSigned(units, keys);
  return { pem, privateKey: KeyObject.from(keys.privateKey) };
}

async function selfSigned(units: readonly string[], keys: webcrypto.CryptoKeyPair): Promise<string> {
  const name: JsonName = [{ CN: ['someone'] }, ...units.map((unit) => ({ OU: [unit] }))];
  const certificate = await X509CertificateGenerator.createSelfSigned({
    name,
    keys,
    signingAlgorithm: ALGORITHM,
  });
  return certificate.toString('pem');
}

/** A member's key with its public half as the ledger has it. */
export interface TestKey {
  readonly privateKey: KeyObject;
  readonly kid: string;
  readonly jwk: PublicJwk;
}

export function newKey(): TestKey {
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const { x = '', y = '' } = publicKey.export({ format: 'jwk' });
  const jwk: PublicJwk = { kty: 'EC', crv: 'P-256', x, y };
  return { privateKey, kid: thumbprintOf(jwk), jwk };
}

export function entryOf(
  key: TestKey,
  use: 'sig' | 'enc',
  status: 'active' | 'retired' = 'active',
): MemberKeyEntry {
  return { kid: key.kid, use, jwk: key.jwk, status };
}

/** A compact JWS of any header and claims, well made or not. */
export function signJws(header: object, claims: unknown, key: KeyObject): string {
  const signed = `${segment(header)}.${segment(claims)}`;
  const signature = sign('sha256', Buffer.from(signed), { key, dsaEncoding: 'ieee-p1363' });
  return `${signed}.${encodeBase64Url(signature)}`;
}

export function segment(value: unknown): string {
  return encodeBase64Url(Buffer.from(JSON.stringify(value)));
}
