import { readFileSync } from 'node:fs';
import { compactDecrypt, CompactSign, importJWK } from 'jose';
import {
  canonicalBytes,
  hybridJwk,
  JOURNAL_TYP,
  keyHeader,
  keyPayload,
  publicJwk,
  RECEIPT_TYP,
  REQUEST_TYP,
  sealedHeader,
  SLIP_TYP,
  STOP_TYP,
  thumbprintOf,
  type EncryptionJwk,
  type PublicJwk,
  z,
} from '@consent-ledger/chaincode/wire';
import type { MemberKeys } from '../../ports/member-keys.js';
import { importHybridKey, openHybridJwe, type OpenedJwe } from '../../release/hybrid-wrapping.js';
import { Refusal } from '../../usecases/refusal.js';

/** RFC 8417 section 2.3. */
const NOTICE_TYP = 'secevent+jwt';

const bytes32 = z.string().regex(/^[A-Za-z0-9_-]{43}$/);
const privateJwk = z.object({ ...publicJwk.shape, d: bytes32 });
const privateHybridJwk = z.object({ ...hybridJwk.shape, priv: bytes32 });

/** This member's keys from two files that hold private JWKs. Rejects where a file is not one. */
export async function loadMemberKeys(
  files: Readonly<Record<'signing' | 'encryption', string>>,
): Promise<MemberKeys> {
  const signing = readSigningKey(files.signing);
  const encryption = await readEncryptionKey(files.encryption);
  const signingKey = await importJWK({ ...signing.secret }, 'ES256');

  const sign = (claims: object, typ: string): Promise<string> =>
    new CompactSign(canonicalBytes(claims))
      .setProtectedHeader({ alg: 'ES256', typ, kid: signing.kid })
      .sign(signingKey);

  return {
    signing: { kid: signing.kid, jwk: signing.jwk },
    encryption: { kid: encryption.kid, jwk: encryption.jwk },
    signRequest: (claims) => sign(claims, REQUEST_TYP),
    signReceipt: (claims) => sign(claims, RECEIPT_TYP),
    signJournal: (claims) => sign(claims, JOURNAL_TYP),
    signSlip: (claims) => sign(claims, SLIP_TYP),
    signStop: (claims) => sign(claims, STOP_TYP),
    signNotice: (claims) => sign(claims, NOTICE_TYP),
    async openKey(jwe, event) {
      try {
        const { plaintext, protectedHeader } = await encryption.open(jwe);
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
      const { plaintext, protectedHeader } = await encryption.open(jwe);
      const header = sealedHeader.parse(protectedHeader);
      if (header.typ !== typ || header.kid !== encryption.kid) throw new Error('a message for another use');
      return plaintext;
    },
  };
}

/** All that record keys are wrapped with for a key on P-256. */
export const RECORD_KEY_ALGORITHMS = {
  keyManagementAlgorithms: ['ECDH-ES+A256KW'],
  contentEncryptionAlgorithms: ['A256GCM'],
};

interface EncryptionKey {
  readonly kid: string;
  readonly jwk: EncryptionJwk;
  /** Takes what this kind of key is registered for, and nothing else: what was wrapped in a weaker way is not opened. */
  readonly open: (jwe: string) => Promise<OpenedJwe>;
}

async function readEncryptionKey(path: string): Promise<EncryptionKey> {
  const { jwk, secret, kid } = readKey(path, z.discriminatedUnion('kty', [privateJwk, privateHybridJwk]));
  if (secret.kty === 'AKP') {
    const key = await importHybridKey(Buffer.from(secret.priv, 'base64url'));
    return { kid, jwk, open: (jwe) => openHybridJwe(jwe, key) };
  }
  const key = await importJWK({ ...secret }, 'ECDH-ES+A256KW');
  return { kid, jwk, open: (jwe) => compactDecrypt(jwe, key, RECORD_KEY_ALGORITHMS) };
}

function readSigningKey(path: string): { kid: string; jwk: PublicJwk; secret: z.infer<typeof privateJwk> } {
  const { jwk, secret, kid } = readKey(path, privateJwk);
  if (jwk.kty !== 'EC') throw new Error(`${path} does not hold a private JWK to sign with`);
  return { jwk, secret, kid };
}

function readKey<Secret extends z.infer<typeof privateJwk | typeof privateHybridJwk>>(
  path: string,
  schema: z.ZodType<Secret>,
): { kid: string; jwk: EncryptionJwk; secret: Secret } {
  const parsed = schema.safeParse(JSON.parse(readFileSync(path, 'utf8')));
  // The reason could quote the key.
  if (!parsed.success) throw new Error(`${path} does not hold a private JWK on P-256, or for HPKE-10`);
  const secret = parsed.data;
  const jwk = publicPartOf(secret);
  return { kid: thumbprintOf(jwk), jwk, secret };
}

function publicPartOf(secret: z.infer<typeof privateJwk | typeof privateHybridJwk>): EncryptionJwk {
  if (secret.kty === 'AKP') return { kty: secret.kty, alg: secret.alg, pub: secret.pub };
  return { kty: secret.kty, crv: secret.crv, x: secret.x, y: secret.y };
}
