import { CompactEncrypt, importJWK } from 'jose';
import type { PublicJwk, SealedTyp } from '@consent-ledger/chaincode/wire';

/** Encrypts a message for one member's registered key (RFC 7516): ECDH-ES+A256KW, A256GCM, and `typ` for what it is. */
export async function sealMessage(
  content: Uint8Array,
  typ: SealedTyp,
  recipient: { readonly kid: string; readonly jwk: PublicJwk },
): Promise<string> {
  const key = await importJWK({ ...recipient.jwk }, 'ECDH-ES+A256KW');
  return new CompactEncrypt(content)
    .setProtectedHeader({ alg: 'ECDH-ES+A256KW', enc: 'A256GCM', typ, kid: recipient.kid })
    .encrypt(key);
}
