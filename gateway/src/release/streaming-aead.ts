import { createCipheriv, createDecipheriv, hkdfSync, randomBytes } from 'node:crypto';
import { SegmentBuffer } from './segments.js';

/**
 * AES-GCM-HKDF streaming AEAD as Google's Tink defines it ("AES-GCM-HKDF Streaming", key type
 * `AesGcmHkdfStreamingKey`): 256-bit keys, HKDF-SHA256, ciphertext segments of 1 MiB. What another implementation
 * of Tink wrote can be read here, and the other way round.
 *
 * ```
 * ciphertext  header, segment 0, segment 1, ...
 * header      length of the header (1 byte), salt (32), nonce prefix (7)
 * segment     AES-256-GCM ciphertext and tag (16); nonce = prefix, number of the segment (4, big-endian), 1 if last
 * ```
 *
 * The key of a stream is HKDF-SHA256(key, salt, info = associated data). The header counts towards segment 0.
 * Truncated, reordered, prolonged or swapped ciphertexts are refused. Memory: one segment, less for small records.
 */
const SEGMENT_BYTES = 1024 * 1024;
const KEY_BYTES = 32;
const PREFIX_BYTES = 7;
const TAG_BYTES = 16;
const HEADER_BYTES = 1 + KEY_BYTES + PREFIX_BYTES;
/** Memory for as much as this is taken from what was used before; for a whole segment it would be fetched from the system each time. */
const SLICE_BYTES = 64 * 1024;
const NONCE_BYTES = PREFIX_BYTES + 4 + 1;

/** The ciphertext is not what was written under this key and associated data. */
export class CiphertextError extends Error {
  override readonly name = 'CiphertextError';
}

/** Length in bytes of the ciphertext of a plaintext of `plaintext` bytes. */
export function ciphertextLength(plaintext: number): number {
  const perSegment = SEGMENT_BYTES - TAG_BYTES;
  const segments = Math.max(1, Math.ceil((plaintext + HEADER_BYTES) / perSegment));
  return plaintext + HEADER_BYTES + segments * TAG_BYTES;
}

/** Length in bytes of the plaintext of a whole ciphertext of `ciphertext` bytes. */
export function plaintextLength(ciphertext: number): number {
  return ciphertext - HEADER_BYTES - Math.max(1, Math.ceil(ciphertext / SEGMENT_BYTES)) * TAG_BYTES;
}

/**
 * Encrypts a stream under a key of 32 bytes, bound to `associatedData`. Never holds more than one segment.
 * `random` (39 bytes: salt and nonce prefix) is given only to reproduce known answers.
 */
export async function* encryptStream(
  source: AsyncIterable<Uint8Array>,
  key: Uint8Array,
  associatedData: Uint8Array,
  random: Uint8Array = randomBytes(KEY_BYTES + PREFIX_BYTES),
): AsyncGenerator<Buffer> {
  const header = Buffer.concat([Buffer.of(HEADER_BYTES), random]);
  const segments = new SegmentCipher(key, associatedData, header);
  const buffer = new SegmentBuffer();
  let room = SEGMENT_BYTES - HEADER_BYTES - TAG_BYTES;
  yield header;
  for await (const chunk of source) {
    buffer.push(chunk);
    // The last segment carries a mark, so a full one waits until it is known that more follows.
    while (buffer.length > room) {
      yield* segments.encrypt(buffer.take(room), false);
      room = SEGMENT_BYTES - TAG_BYTES;
    }
  }
  yield* segments.encrypt(buffer.take(buffer.length), true);
}

/**
 * Decrypts what `encryptStream` wrote. A segment is handed on only when its tag is right; throws a CiphertextError
 * at the first that is not, and when the end is missing: whoever forwards the bytes must then break off visibly.
 */
export async function* decryptStream(
  source: AsyncIterable<Uint8Array>,
  key: Uint8Array,
  associatedData: Uint8Array,
): AsyncGenerator<Buffer> {
  const buffer = new SegmentBuffer();
  let segments: SegmentCipher | undefined;
  let room = SEGMENT_BYTES - HEADER_BYTES;
  for await (const chunk of source) {
    buffer.push(chunk);
    if (segments === undefined && buffer.length >= HEADER_BYTES) {
      segments = new SegmentCipher(key, associatedData, buffer.take(HEADER_BYTES));
    }
    while (segments !== undefined && buffer.length > room) {
      yield* segments.decrypt(buffer.take(room), false);
      room = SEGMENT_BYTES;
    }
  }
  if (segments === undefined) throw new CiphertextError('the ciphertext ends inside its header');
  yield* segments.decrypt(buffer.take(buffer.length), true);
}

class SegmentCipher {
  readonly #key: Buffer;
  readonly #prefix: Buffer;
  #number = 0;

  constructor(key: Uint8Array, associatedData: Uint8Array, header: Buffer) {
    if (key.length !== KEY_BYTES) throw new RangeError(`a key has ${KEY_BYTES} bytes, not ${key.length}`);
    if (header[0] !== HEADER_BYTES)
      throw new CiphertextError('the header of the ciphertext is not one of this format');
    const salt = header.subarray(1, 1 + KEY_BYTES);
    this.#key = Buffer.from(hkdfSync('sha256', key, salt, associatedData, KEY_BYTES));
    // A copy: the source may use the memory of its pieces again.
    this.#prefix = Buffer.from(header.subarray(1 + KEY_BYTES));
  }

  /** Ciphertext and tag: to put them together would be to copy everything once more. */
  *encrypt(plaintext: Buffer, last: boolean): Generator<Buffer> {
    const cipher = createCipheriv('aes-256-gcm', this.#key, this.#nonce(last));
    yield cipher.update(plaintext);
    // GCM is a stream cipher: nothing is left over for the end.
    cipher.final();
    yield cipher.getAuthTag();
  }

  /** The plaintext in slices, none before the tag of all of it was right. */
  decrypt(segment: Buffer, last: boolean): Buffer[] {
    const bytes = segment.length - TAG_BYTES;
    if (bytes < 0) throw new CiphertextError('the ciphertext ends inside a segment');
    const decipher = createDecipheriv('aes-256-gcm', this.#key, this.#nonce(last), {
      authTagLength: TAG_BYTES,
    });
    decipher.setAuthTag(segment.subarray(bytes));
    const slices: Buffer[] = [];
    for (let at = 0; at < bytes; at += SLICE_BYTES)
      slices.push(decipher.update(segment.subarray(at, Math.min(at + SLICE_BYTES, bytes))));
    try {
      decipher.final();
    } catch (error) {
      throw new CiphertextError('a segment of the ciphertext is not authentic', { cause: error });
    }
    return slices;
  }

  #nonce(last: boolean): Buffer {
    const nonce = Buffer.alloc(NONCE_BYTES);
    this.#prefix.copy(nonce);
    nonce.writeUInt32BE(this.#number, PREFIX_BYTES);
    nonce.writeUInt8(last ? 1 : 0, NONCE_BYTES - 1);
    this.#number += 1;
    if (this.#number > 0xffff_ffff) throw new RangeError('a stream has at most 2^32 segments');
    return nonce;
  }
}
