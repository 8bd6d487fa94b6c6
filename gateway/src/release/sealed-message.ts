import { CompactEncrypt, importJWK } from 'jose';
import type { EncryptionJwk, SealedTyp } from '@consent-ledger/chaincode/wire';
import { sealForHybrid } from './hybrid-wrapping.js';

/**
 * Encrypts a message for one member's registered key, in the way of that key, and `typ` for what it is: HPKE, or (RFC 7516) ECDH-ES+A256KW,
 * A256GCM.
 */
export async function sealMessage(
  content: Uint8Array,
  typ: SealedTyp,
  { kid, jwk }: { readonly kid: string; readonly jwk: EncryptionJwk },
): Promise<string> {
  if (jwk.kty === 'AKP') return sealForHybrid(content, { typ, kid }, jwk);
  const key = await importJWK({ ...jwk }, 'ECDH-ES+A256KW');
  return new CompactEncrypt(content)
    .setProtectedHeader({ alg: 'ECDH-ES+A256KW', enc: 'A256GCM', typ, kid })
    .encrypt(key);
}
