import { createPrivateKey, sign, X509Certificate } from 'node:crypto';
import { toLowS } from '../../wire-format/index.js';
import type { PeerSigner } from '../ports.js';
import { encodeSerializedIdentity } from './serialized-identity.js';

/** Signs as the holder of a certificate: ECDSA over SHA-256, low S. */
export function createSigner(
  mspId: string,
  certificatePem: Uint8Array,
  privateKeyPem: string | Buffer,
): PeerSigner {
  const key = createPrivateKey(privateKeyPem);
  const curve = key.asymmetricKeyDetails?.namedCurve;
  if (curve === undefined) throw new Error(`the signing key of ${mspId} is not an ECDSA key`);
  if (!new X509Certificate(certificatePem).checkPrivateKey(key)) {
    throw new Error(`the signing key of ${mspId} does not belong to its certificate`);
  }
  return {
    mspId,
    serializedIdentity: encodeSerializedIdentity(mspId, certificatePem),
    sign: (message) => toLowS(sign('sha256', message, key), curve),
  };
}
