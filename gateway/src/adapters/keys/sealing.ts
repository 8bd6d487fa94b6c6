import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto';

/** First byte of whatever is sealed: says how. Another way gets another number, and this one stays readable. */
export const SEAL_VERSION = 1;
export const NONCE_BYTES = 12;
export const TAG_BYTES = 16;
const OVERHEAD = 1 + NONCE_BYTES + TAG_BYTES;

/**
 * AES-256-GCM with a random nonce: version, nonce, ciphertext, tag. `purpose` says what it is for and is authenticated, as is
 * the version. At most 2^32 are sealed under one key (NIST SP 800-38D section 8.3).
 */
export function seal(content: Uint8Array, key: Uint8Array, purpose: string): Buffer {
  const nonce = randomBytes(NONCE_BYTES);
  const cipher = createCipheriv('aes-256-gcm', key, nonce).setAAD(additionalData(purpose));
  return Buffer.concat([
    Buffer.of(SEAL_VERSION),
    nonce,
    cipher.update(content),
    cipher.final(),
    cipher.getAuthTag(),
  ]);
}

/** Opens what `seal` made for the same purpose. Throws an Error for anything else. */
export function unseal(sealed: Uint8Array, key: Uint8Array, purpose: string): Buffer {
  const { nonce, ciphertext } = takeApart(sealed);
  const end = ciphertext.length - TAG_BYTES;
  const decipher = createDecipheriv('aes-256-gcm', key, nonce, { authTagLength: TAG_BYTES })
    .setAAD(additionalData(purpose))
    .setAuthTag(ciphertext.subarray(end));
  return Buffer.concat([decipher.update(ciphertext.subarray(0, end)), decipher.final()]);
}

/** Nonce, and ciphertext with tag. Throws an Error where it is not of a form that is known. */
export function takeApart(sealed: Uint8Array): { nonce: Uint8Array; ciphertext: Uint8Array } {
  if (sealed.length < OVERHEAD) throw new Error('too short to be sealed');
  if (sealed[0] !== SEAL_VERSION)
    throw new Error(`sealed in the form ${sealed[0] ?? -1}, which is not known`);
  return { nonce: sealed.subarray(1, 1 + NONCE_BYTES), ciphertext: sealed.subarray(1 + NONCE_BYTES) };
}

/** What is authenticated with the content. */
export function additionalData(purpose: string): Buffer {
  return Buffer.concat([Buffer.of(SEAL_VERSION), Buffer.from(purpose, 'utf8')]);
}
