import { createPrivateKey, randomBytes, sign, type JsonWebKey, type KeyObject } from 'node:crypto';
import { REQUEST_TYP, type RequestClaims } from '@consent-ledger/chaincode/wire';

export interface Requester {
  readonly mspId: string;
  readonly signingKid: string;
  /** Private key that signs requests. */
  readonly signingJwk: JsonWebKey;
  readonly encryptionKid: string;
}

/** Makes request objects as a requester's gateway does (docs/architecture.md section 3). */
export function requestSigner(
  requester: Requester,
  custodian: string,
  ledger: string,
): (
  records: readonly string[],
  more?: Partial<RequestClaims>,
) => { readonly jws: string; readonly jti: string } {
  const key: KeyObject = createPrivateKey({ key: requester.signingJwk, format: 'jwk' });
  const header = segment({ alg: 'ES256', typ: REQUEST_TYP, kid: requester.signingKid });
  return (records, more = {}) => {
    const now = Math.floor(Date.now() / 1_000);
    const jti = randomBytes(16).toString('base64url');
    const claims: RequestClaims = {
      iss: requester.mspId,
      aud: custodian,
      ledger,
      jti,
      iat: now,
      exp: now + 300,
      sub: 'bench-practitioner-1',
      roles: ['practitioner'],
      references: ['Practitioner/7f3a'],
      auth: { time: now, methods: ['pwd'] },
      purpose: ['TREAT'],
      records: [...records],
      enc: requester.encryptionKid,
      ...more,
    };
    const signed = `${header}.${segment(claims)}`;
    const signature = sign('sha256', Buffer.from(signed), { key, dsaEncoding: 'ieee-p1363' });
    return { jws: `${signed}.${signature.toString('base64url')}`, jti };
  };
}

function segment(value: object): string {
  return Buffer.from(JSON.stringify(value)).toString('base64url');
}
