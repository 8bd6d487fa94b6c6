import { AEAD_AES_256_GCM, CipherSuite, KDF_SHAKE256, KEM_MLKEM768_X25519, type Key } from 'hpke';
import { canonicalBytes, KEY_TYP, type HybridJwk, type KeyPayload } from '@consent-ledger/chaincode/wire';

let made: CipherSuite | undefined;

/**
 * The suite of `HPKE-10` (draft-skokan-jose-hpke-pq-pqt): ML-KEM-768 with X25519, SHAKE256, AES-256-GCM. Made when it is first
 * used: Node warns of what is experimental in it, which must not concern who has no such key.
 */
function suite(): CipherSuite {
  made ??= new CipherSuite(KEM_MLKEM768_X25519, KDF_SHAKE256, AEAD_AES_256_GCM);
  return made;
}

const ALG = 'HPKE-10';

/** A private key of that suite from its 32 bytes. */
export function importHybridKey(bytes: Uint8Array): Promise<Key> {
  return suite().DeserializePrivateKey(bytes);
}

/** Wraps a record's key for a hybrid key, bound to its event. */
export function wrapForHybrid(
  payload: KeyPayload,
  { kid, jwk }: { readonly kid: string; readonly jwk: HybridJwk },
): Promise<string> {
  return sealForHybrid(canonicalBytes(payload), { typ: KEY_TYP, kid, event: payload.event }, jwk);
}

/**
 * Encrypts for a hybrid key, as a compact JWE with integrated encryption (draft-ietf-jose-hpke-encrypt section 5): the encapsulated secret in the
 * place of the encrypted key, neither IV nor tag, the protected header authenticated.
 */
export async function sealForHybrid(
  content: Uint8Array,
  header: Readonly<Record<string, string>>,
  { pub }: HybridJwk,
): Promise<string> {
  const publicKey = await suite().DeserializePublicKey(Buffer.from(pub, 'base64url'));
  const protectedHeader = canonicalBytes({ ...header, alg: ALG }).toString('base64url');
  const { encapsulatedSecret, ciphertext } = await suite().Seal(publicKey, content, {
    aad: Buffer.from(protectedHeader, 'ascii'),
  });
  return [protectedHeader, base64Url(encapsulatedSecret), '', base64Url(ciphertext), ''].join('.');
}

export interface OpenedJwe {
  readonly protectedHeader: unknown;
  readonly plaintext: Uint8Array;
}

/** Opens such a JWE. Rejects with an Error where it is none, is of another algorithm, or was not made for this key. */
export async function openHybridJwe(jwe: string, privateKey: Key): Promise<OpenedJwe> {
  const [protectedHeader = '', secret = '', iv, ciphertext = '', tag, ...more] = jwe.split('.');
  if (iv !== '' || tag !== '' || more.length > 0)
    throw new Error('no compact JWE with integrated encryption');
  const header = JSON.parse(Buffer.from(protectedHeader, 'base64url').toString('utf8')) as {
    readonly alg?: unknown;
  };
  if (header.alg !== ALG) throw new Error('a JWE of another algorithm');
  const plaintext = await suite().Open(
    privateKey,
    Buffer.from(secret, 'base64url'),
    Buffer.from(ciphertext, 'base64url'),
    { aad: Buffer.from(protectedHeader, 'ascii') },
  );
  return { protectedHeader: header, plaintext };
}

function base64Url(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('base64url');
}
