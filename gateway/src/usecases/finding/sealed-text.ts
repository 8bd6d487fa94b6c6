import { createCipheriv, createDecipheriv, hkdfSync, randomBytes } from 'node:crypto';

const NONCE = 12;
const TAG = 16;

/**
 * Seals short texts that others carry and bring back: they can neither read nor change them, and their length says nothing. One that
 * was sealed for another purpose or for somebody else (`owner`) does not open.
 */
export class SealedTexts {
  readonly #key: Buffer;
  readonly #bytes: number;

  /** @param bytes length that every content is filled up to */
  constructor(secret: Uint8Array, purpose: string, bytes: number) {
    this.#key = Buffer.from(hkdfSync('sha256', secret, '', `consent-ledger ${purpose}`, 32));
    this.#bytes = bytes;
  }

  seal(content: object, owner: string): string {
    const text = JSON.stringify(content);
    const padded = text + ' '.repeat(this.#bytes - Buffer.byteLength(text));
    const nonce = randomBytes(NONCE);
    const cipher = createCipheriv('aes-256-gcm', this.#key, nonce).setAAD(Buffer.from(owner));
    const sealed = [cipher.update(padded, 'utf8'), cipher.final()];
    return Buffer.concat([nonce, ...sealed, cipher.getAuthTag()]).toString('base64url');
  }

  /** Undefined for whatever was not sealed here for this owner. */
  open(text: string, owner: string): unknown {
    const bytes = Buffer.from(text, 'base64url');
    if (bytes.length !== NONCE + this.#bytes + TAG) return undefined;
    try {
      const decipher = createDecipheriv('aes-256-gcm', this.#key, bytes.subarray(0, NONCE))
        .setAAD(Buffer.from(owner))
        .setAuthTag(bytes.subarray(-TAG));
      const opened = [decipher.update(bytes.subarray(NONCE, -TAG)), decipher.final()];
      return JSON.parse(Buffer.concat(opened).toString('utf8')) as unknown;
    } catch {
      return undefined; // Not authentic: the caller answers for it as for what was never sealed.
    }
  }
}
