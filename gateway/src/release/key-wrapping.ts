import { CompactEncrypt, importJWK } from 'jose';
import {
  canonicalBytes,
  KEY_TYP,
  type EncryptionJwk,
  type KeyPayload,
  type PublicJwk,
} from '@consent-ledger/chaincode/wire';
import { wrapForHybrid } from './hybrid-wrapping.js';

/**
 * Wraps the key of a record version for the key that the request named. How is settled by what the ledger has registered under that
 * name, and by nothing that the requester sends. The event stands in the protected header and in what is encrypted, so that the
 * key is good for that one release.
 */
export async function wrapKey(
  payload: KeyPayload,
  { kid, jwk }: { readonly kid: string; readonly jwk: EncryptionJwk },
): Promise<string> {
  return jwk.kty === 'AKP' ? wrapForHybrid(payload, { kid, jwk }) : wrapForCurve(payload, { kid, jwk });
}

/** RFC 7516: ECDH-ES+A256KW, A256GCM. */
async function wrapForCurve(
  payload: KeyPayload,
  recipient: { readonly kid: string; readonly jwk: PublicJwk },
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
