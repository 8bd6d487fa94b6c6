import { randomUUID } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { Spool } from '../../ports/spool.js';
import { Refusal } from '../../usecases/refusal.js';
import { writeDurably } from './files.js';

/** A folder of ciphertexts that wait; emptied at the start, since whoever waited for them is gone. */
export async function openFileSpool(directory: string): Promise<Spool> {
  await rm(directory, { recursive: true, force: true });
  await mkdir(directory, { recursive: true, mode: 0o700 });
  return {
    async hold(source, maxBytes) {
      const path = join(directory, randomUUID());
      const written = await writeDurably(path, atMost(source, maxBytes));
      return {
        ...written,
        open: () => createReadStream(path, { highWaterMark: 256 * 1024 }),
        discard: () => rm(path, { force: true }),
      };
    },
  };
}

async function* atMost(source: AsyncIterable<Uint8Array>, maxBytes: number): AsyncGenerator<Uint8Array> {
  let bytes = 0;
  for await (const chunk of source) {
    bytes += chunk.length;
    if (bytes > maxBytes) throw new Refusal('release-broken');
    yield chunk;
  }
}
