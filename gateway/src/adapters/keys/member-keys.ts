import { readFileSync } from 'node:fs';
import { compactDecrypt, CompactSign, importJWK } from 'jose';
import {
  canonicalBytes,
  keyHeader,
  keyPayload,
  publicJwk,
  RECEIPT_TYP,
  REQUEST_TYP,
  sealedHeader,
  SLIP_TYP,
  STOP_TYP,
  thumbprintOf,
  type PublicJwk,
  z,
} from '@consent-ledger/chaincode/wire';
import type { MemberKeys } from '../../ports/member-keys.js';
import { Refusal } from '../../usecases/refusal.js';

/** RFC 8417 section 2.3. */
const NOTICE_TYP = 'secevent+jwt';

const privateJwk = z.object({ ...publicJwk.shape, d: z.string().regex(/^[A-Za-z0-9_-]{43}$/) });

/** This member's keys from two files that hold private JWKs. Rejects where a file is not one. */
export async function loadMemberKeys(
  files: Readonly<Record<'signing' | 'encryption', string>>,
): Promise<MemberKeys> {
  const signing = readKey(files.signing);
  const encryption = readKey(files.encryption);
  const signingKey = await importJWK({ ...signing.secret }, 'ES256');
  const encryptionKey = await importJWK({ ...encryption.secret }, 'ECDH-ES+A256KW');

  const sign = (claims: object, typ: string): Promise<string> =>
    new CompactSign(canonicalBytes(claims))
      .setProtectedHeader({ alg: 'ES256', typ, kid: signing.kid })
      .sign(signingKey);

  const decrypt = (jwe: string) =>
    compactDecrypt(jwe, encryptionKey, {
      keyManagementAlgorithms: ['ECDH-ES+A256KW'],
      contentEncryptionAlgorithms: ['A256GCM'],
    });

  return {
    signing: { kid: signing.kid, jwk: signing.jwk },
    encryption: { kid: encryption.kid, jwk: encryption.jwk },
    signRequest: (claims) => sign(claims, REQUEST_TYP),
    signReceipt: (claims) => sign(claims, RECEIPT_TYP),
    signSlip: (claims) => sign(claims, SLIP_TYP),
    signStop: (claims) => sign(claims, STOP_TYP),
    signNotice: (claims) => sign(claims, NOTICE_TYP),
    async openKey(jwe, event) {
      try {
        const { plaintext, protectedHeader } = await decrypt(jwe);
        const header = keyHeader.parse(protectedHeader);
        const payload = keyPayload.parse(JSON.parse(Buffer.from(plaintext).toString('utf8')));
        if (header.event === event && payload.event === event && header.kid === encryption.kid)
          return payload;
      } catch (error) {
        throw new Refusal('release-broken', { cause: error });
      }
      throw new Refusal('release-broken');
    },
    async openSealed(jwe, typ) {
      const { plaintext, protectedHeader } = await decrypt(jwe);
      const header = sealedHeader.parse(protectedHeader);
      if (header.typ !== typ || header.kid !== encryption.kid) throw new Error('a message for another use');
      return plaintext;
    },
  };
}

function readKey(path: string): { kid: string; jwk: PublicJwk; secret: z.infer<typeof privateJwk> } {
  const parsed = privateJwk.safeParse(JSON.parse(readFileSync(path, 'utf8')));
  // The reason could quote the key.
  if (!parsed.success) throw new Error(`${path} does not hold a private JWK on P-256`);
  const secret = parsed.data;
  const jwk: PublicJwk = { kty: secret.kty, crv: secret.crv, x: secret.x, y: secret.y };
  return { kid: thumbprintOf(jwk), jwk, secret };
}
