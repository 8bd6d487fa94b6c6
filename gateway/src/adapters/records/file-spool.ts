import { createHash, randomUUID } from 'node:crypto';
import { mkdir, open, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { Spool, Spooled } from '../../ports/spool.js';
import { Refusal } from '../../usecases/refusal.js';
import { writeFile } from './files.js';
import { readPieces } from './read-pieces.js';

/** A ciphertext up to this size waits in memory, while all of those together take no more than `MEMORY_BYTES`. */
const SMALL_BYTES = 64 * 1024;
const MEMORY_BYTES = 8 * 1024 * 1024;

/**
 * Ciphertexts that wait: small ones in memory, others in a folder that is emptied at the start, since whoever waited for them is gone. For the
 * same reason nothing is written through to the disk.
 */
export async function openFileSpool(directory: string): Promise<Spool> {
  await rm(directory, { recursive: true, force: true });
  await mkdir(directory, { recursive: true, mode: 0o700 });
  let inMemory = 0;

  const holdInMemory = (chunks: readonly Uint8Array[], bytes: number): Spooled => {
    inMemory += bytes;
    let held = chunks;
    const hash = createHash('sha256');
    for (const chunk of chunks) hash.update(chunk);
    return {
      digest: hash.digest('base64url'),
      bytes,
      open: () => each(held),
      discard() {
        if (held.length > 0) inMemory -= bytes;
        held = [];
        return Promise.resolve();
      },
    };
  };

  return {
    async hold(source, maxBytes) {
      const chunks: Uint8Array[] = [];
      let bytes = 0;
      const iterator = atMost(source, maxBytes)[Symbol.asyncIterator]();
      try {
        for (;;) {
          if (bytes > SMALL_BYTES || inMemory + bytes > MEMORY_BYTES) break;
          const next = await iterator.next();
          if (next.done === true) return holdInMemory(chunks, bytes);
          chunks.push(next.value);
          bytes += next.value.length;
        }
        const path = join(directory, randomUUID());
        const written = await writeFile(path, after(chunks, iterator), false);
        return {
          ...written,
          open: () => readLater(path),
          discard: () => rm(path, { force: true }),
        };
      } finally {
        await iterator.return(undefined);
      }
    },
  };
}

async function* readLater(path: string): AsyncGenerator<Uint8Array> {
  yield* readPieces(await open(path, 'r'));
}

async function* each(chunks: readonly Uint8Array[]): AsyncGenerator<Uint8Array> {
  for (const chunk of chunks) yield await Promise.resolve(chunk);
}

async function* after(
  chunks: readonly Uint8Array[],
  iterator: AsyncIterator<Uint8Array>,
): AsyncGenerator<Uint8Array> {
  yield* chunks;
  for (let next = await iterator.next(); next.done !== true; next = await iterator.next()) yield next.value;
}

async function* atMost(source: AsyncIterable<Uint8Array>, maxBytes: number): AsyncGenerator<Uint8Array> {
  let bytes = 0;
  for await (const chunk of source) {
    bytes += chunk.length;
    if (bytes > maxBytes) throw new Refusal('release-broken');
    yield chunk;
  }
}
