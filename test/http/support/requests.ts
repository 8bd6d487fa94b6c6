import { readFileSync } from 'node:fs';
import { randomBytes } from 'node:crypto';
import { CompactSign, importJWK, type JWK } from 'jose';
import { decodeFrames, type ControlFrame } from '@consent-ledger/gateway/internal/release/frames';
import {
  encryptionJwk,
  REQUEST_TYP,
  thumbprintOf,
  type EncryptionJwk,
  type PublicJwk,
} from '@consent-ledger/chaincode/wire';
import type { Answer, TestMember } from './consortium.js';

const now = (): number => Math.floor(Date.now() / 1000);

/** The claims of a request that a member's gateway would sign. */
export function claimsOf(
  requester: TestMember,
  custodian: TestMember,
  records: readonly string[],
): Record<string, unknown> {
  return {
    iss: requester.mspId,
    aud: custodian.mspId,
    ledger: requester.configuration.ledger.id,
    jti: randomBytes(24).toString('base64url'),
    iat: now(),
    exp: now() + 300,
    sub: randomBytes(32).toString('base64url'),
    roles: ['practitioner'],
    auth: { time: now(), methods: ['pwd'] },
    purpose: ['TREAT'],
    records: [...records],
    enc: encryptionKeyOf(requester).kid,
  };
}

/** Signs claims with a member's registered key, or with whatever a test wants. */
export async function signedBy(
  member: TestMember,
  claims: object,
  options: { readonly header?: object; readonly typ?: string; readonly key?: JWK } = {},
): Promise<string> {
  const jwk = options.key ?? readJwk(member.configuration.keys.signing);
  const header = { alg: 'ES256', typ: options.typ ?? REQUEST_TYP, kid: kidOf(jwk), ...options.header };
  return new CompactSign(Buffer.from(JSON.stringify(claims)))
    .setProtectedHeader(header)
    .sign(await importJWK(jwk, 'ES256'));
}

export function readJwk(path: string): JWK {
  return JSON.parse(readFileSync(path, 'utf8')) as JWK;
}

function kidOf({ x = '', y = '' }: JWK): string {
  const jwk: PublicJwk = { kty: 'EC', crv: 'P-256', x, y };
  return thumbprintOf(jwk);
}

/** The public half of the key that a member receives with, of whichever kind it is. */
export function encryptionKeyOf({ configuration }: TestMember): {
  readonly kid: string;
  readonly jwk: EncryptionJwk;
} {
  const secret = readJwk(configuration.keys.encryption);
  const { kty, crv, x, y, alg, pub } = secret;
  const jwk = encryptionJwk.parse(kty === 'AKP' ? { kty, alg, pub } : { kty, crv, x, y });
  return { kid: thumbprintOf(jwk), jwk };
}

export function sendRequest(custodian: TestMember, request: string): Promise<Answer> {
  return custodian.call('POST', '/v1/releases', { body: { request } });
}

/** The control frames of a release stream, and how many bytes of ciphertext came with them. */
export async function framesOf({ bytes }: Answer): Promise<{ control: ControlFrame[]; ciphertext: number }> {
  const control: ControlFrame[] = [];
  let ciphertext = 0;
  async function* once(): AsyncGenerator<Uint8Array> {
    yield await Promise.resolve(bytes);
  }
  for await (const frame of decodeFrames(once())) {
    if (frame.frame === 'ciphertext') ciphertext += frame.bytes.length;
    else control.push(frame);
  }
  return { control, ciphertext };
}
