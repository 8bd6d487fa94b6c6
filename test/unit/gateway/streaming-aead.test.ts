import { expect } from 'chai';
import { createHash, randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import {
  ciphertextLength,
  CiphertextError,
  decryptStream,
  encryptStream,
} from '@consent-ledger/gateway/internal/release/streaming-aead';

interface Vector {
  readonly plaintextBytes: number;
  readonly key: string;
  readonly associatedData: string;
  readonly header: string;
  readonly ciphertextBytes: number;
  readonly ciphertextSha256: string;
  readonly ciphertext?: string;
}

const file = new URL('../../../vectors/tink-aes-gcm-hkdf-1mb.json', import.meta.url);
const { vectors } = JSON.parse(readFileSync(file, 'utf8')) as { vectors: Vector[] };

const SEGMENT = 1024 * 1024;
const key = randomBytes(32);
const bound = Buffer.from('riverside, record 1, version 1');

describe('records at rest are Tink AES-GCM-HKDF streams', () => {
  for (const vector of vectors) {
    it(`writes byte for byte what Tink wrote for ${vector.plaintextBytes} bytes`, async () => {
      const ciphertext = await collect(
        encryptStream(
          chunks(pattern(vector.plaintextBytes), 65_521),
          Buffer.from(vector.key, 'hex'),
          Buffer.from(vector.associatedData, 'hex'),
          Buffer.from(vector.header, 'hex').subarray(1),
        ),
      );
      expect(ciphertext.length).to.equal(vector.ciphertextBytes);
      expect(ciphertextLength(vector.plaintextBytes)).to.equal(vector.ciphertextBytes);
      expect(createHash('sha256').update(ciphertext).digest('hex')).to.equal(vector.ciphertextSha256);
      if (vector.ciphertext !== undefined) expect(ciphertext.toString('hex')).to.equal(vector.ciphertext);
    });
  }

  it('gives back what went in, however the bytes are cut', async () => {
    for (const size of [0, 1, SEGMENT - 57, SEGMENT - 56, SEGMENT - 55, 3 * SEGMENT + 17]) {
      const plaintext = pattern(size);
      for (const cut of [4093, SEGMENT, 5 * SEGMENT]) {
        const ciphertext = await collect(encryptStream(chunks(plaintext, cut), key, bound));
        const back = await collect(decryptStream(chunks(ciphertext, cut + 1), key, bound));
        expect(back.equals(plaintext), `${size} bytes in pieces of ${cut}`).to.equal(true);
      }
    }
  });

  it('refuses every way of touching it', async () => {
    const ciphertext = await collect(encryptStream(chunks(pattern(2 * SEGMENT), SEGMENT), key, bound));
    const flipped = (at: number): Buffer => {
      const copy = Buffer.from(ciphertext);
      copy[at] = (copy[at] ?? 0) ^ 1;
      return copy;
    };
    const swapped = Buffer.concat([
      ciphertext.subarray(0, 40),
      ciphertext.subarray(SEGMENT, 2 * SEGMENT),
      ciphertext.subarray(SEGMENT),
    ]);
    const attempts: [string, Buffer, Uint8Array?, Uint8Array?][] = [
      ['a bit of the header length', flipped(0)],
      ['a bit of the salt', flipped(5)],
      ['a bit of the nonce prefix', flipped(36)],
      ['a bit of the first segment', flipped(100)],
      ['a bit of the last tag', flipped(ciphertext.length - 1)],
      ['the end cut off at a segment', ciphertext.subarray(0, SEGMENT)],
      ['the end cut off inside a segment', ciphertext.subarray(0, SEGMENT + 100)],
      ['cut off in the header', ciphertext.subarray(0, 20)],
      ['nothing at all', Buffer.alloc(0)],
      ['more at the end', Buffer.concat([ciphertext, Buffer.of(0)])],
      ['a segment in the place of another', swapped],
      ['another key', ciphertext, randomBytes(32)],
      ['another record', ciphertext, key, Buffer.from('riverside, record 2, version 1')],
    ];
    for (const [name, bytes, withKey = key, boundTo = bound] of attempts) {
      const failure = await collect(decryptStream(chunks(bytes, 8192), withKey, boundTo)).then(
        () => undefined,
        (error: unknown) => error,
      );
      expect(failure, name).to.be.instanceOf(CiphertextError);
    }
  });

  it('hands on no byte of a segment that is not authentic', async () => {
    const ciphertext = await collect(encryptStream(chunks(pattern(2 * SEGMENT), SEGMENT), key, bound));
    ciphertext[SEGMENT + 9] = (ciphertext[SEGMENT + 9] ?? 0) ^ 1;
    let received = 0;
    try {
      for await (const piece of decryptStream(chunks(ciphertext, 8192), key, bound)) received += piece.length;
    } catch (error) {
      expect(error).to.be.instanceOf(CiphertextError);
    }
    expect(received).to.equal(SEGMENT - 56);
  });
});

function pattern(bytes: number): Buffer {
  const blocks = Array.from({ length: Math.ceil(bytes / 32) }, (_, index) => {
    const number = Buffer.alloc(4);
    number.writeUInt32BE(index);
    return createHash('sha256').update(number).digest();
  });
  return Buffer.concat(blocks).subarray(0, bytes);
}

async function* chunks(bytes: Uint8Array, size: number): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += size) {
    await Promise.resolve();
    yield bytes.subarray(at, at + size);
  }
}

async function collect(source: AsyncIterable<Uint8Array>): Promise<Buffer> {
  const pieces: Uint8Array[] = [];
  for await (const piece of source) pieces.push(piece);
  return Buffer.concat(pieces);
}
