import { createHash, generateKeyPairSync } from 'node:crypto';
import { AEAD_AES_256_GCM, CipherSuite, KDF_SHAKE256, KEM_MLKEM768_X25519 } from 'hpke';

/** A gateway's own public key on P-256, as it is registered on the ledger. */
export interface PublicJwk {
  readonly kty: 'EC';
  readonly crv: 'P-256';
  readonly x: string;
  readonly y: string;
  /** RFC 7638 thumbprint. */
  readonly kid: string;
  readonly use: 'sig' | 'enc';
  readonly alg: 'ES256' | 'ECDH-ES+A256KW';
}

/** A hybrid public key: ML-KEM-768 with X25519, which record keys are wrapped for by HPKE (draft-skokan-jose-hpke-pq-pqt). */
export interface HybridPublicJwk {
  readonly kty: 'AKP';
  readonly pub: string;
  /** RFC 7638 thumbprint. */
  readonly kid: string;
  readonly use: 'enc';
  readonly alg: 'HPKE-10';
}

export type ApplicationJwk = PublicJwk | HybridPublicJwk;

interface ApplicationKey {
  readonly privateJwk: ApplicationJwk & ({ readonly d: string } | { readonly priv: string });
  readonly publicJwk: ApplicationJwk;
}

/** Makes a key on P-256: `sig` for request objects and receipts, `enc` to receive record keys. */
export function createCurveKey(use: PublicJwk['use']): ApplicationKey {
  const { x, y, d } = generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey.export({ format: 'jwk' });
  if (x === undefined || y === undefined || d === undefined)
    throw new Error('the key was not exported as a JWK');
  const publicJwk: PublicJwk = {
    kty: 'EC',
    crv: 'P-256',
    x,
    y,
    kid: thumbprint({ kty: 'EC', x, y }),
    use,
    alg: use === 'sig' ? 'ES256' : 'ECDH-ES+A256KW',
  };
  return { publicJwk, privateJwk: { ...publicJwk, d } };
}

let made: CipherSuite | undefined;

/**
 * The suite of `HPKE-10` (draft-skokan-jose-hpke-pq-pqt): ML-KEM-768 with X25519, SHAKE256, AES-256-GCM. Made when it is first
 * used: Node warns of what is experimental in it, which must not concern who has no such key.
 */
function suite(): CipherSuite {
  made ??= new CipherSuite(KEM_MLKEM768_X25519, KDF_SHAKE256, AEAD_AES_256_GCM);
  return made;
}

/** Makes a hybrid key to receive record keys. */
export async function createHybridKey(): Promise<ApplicationKey> {
  const { publicKey, privateKey } = await suite().GenerateKeyPair(true);
  const pub = Buffer.from(await suite().SerializePublicKey(publicKey)).toString('base64url');
  const priv = Buffer.from(await suite().SerializePrivateKey(privateKey)).toString('base64url');
  const kid = thumbprint({ kty: 'AKP', pub });
  const publicJwk: HybridPublicJwk = { kty: 'AKP', alg: 'HPKE-10', pub, kid, use: 'enc' };
  return { publicJwk, privateJwk: { ...publicJwk, priv } };
}

/** Whether what is sealed for the public half of a hybrid key opens with the private one. */
export async function isHybridPair(pub: string, priv: string): Promise<boolean> {
  try {
    const publicKey = await suite().DeserializePublicKey(Buffer.from(pub, 'base64url'));
    const privateKey = await suite().DeserializePrivateKey(Buffer.from(priv, 'base64url'));
    const { encapsulatedSecret, ciphertext } = await suite().Seal(publicKey, new Uint8Array(1));
    await suite().Open(privateKey, encapsulatedSecret, ciphertext);
    return true;
  } catch {
    return false;
  }
}

/** RFC 7638, section 3: the required members in the order of their names, without white space. */
export function thumbprint(
  key: Pick<PublicJwk, 'kty' | 'x' | 'y'> | Pick<HybridPublicJwk, 'kty' | 'pub'>,
): string {
  const required =
    key.kty === 'EC'
      ? { crv: 'P-256', kty: 'EC', x: key.x, y: key.y }
      : { alg: 'HPKE-10', kty: 'AKP', pub: key.pub };
  return createHash('sha256').update(JSON.stringify(required)).digest('base64url');
}
