import { CompactEncrypt, importJWK } from 'jose';
import { canonicalBytes, KEY_TYP, type KeyPayload, type PublicJwk } from '@consent-ledger/chaincode/wire';

/**
 * Wraps the key of a record version for the key that the request named (RFC 7516): ECDH-ES+A256KW, A256GCM. The event stands in
 * the protected header and in what is encrypted, so that the key is good for that one release.
 */
export async function wrapKey(
  payload: KeyPayload,
  recipient: { kid: string; jwk: PublicJwk },
): Promise<string> {
  const key = await importJWK({ ...recipient.jwk }, 'ECDH-ES+A256KW');
  return new CompactEncrypt(canonicalBytes(payload))
    .setProtectedHeader({
      alg: 'ECDH-ES+A256KW',
      enc: 'A256GCM',
      typ: KEY_TYP,
      kid: recipient.kid,
      event: payload.event,
    })
    .encrypt(key);
}
