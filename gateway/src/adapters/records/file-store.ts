import { randomUUID } from 'node:crypto';
import { mkdir, open, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { RecordStore } from '../../ports/record-store.js';
import { Refusal } from '../../usecases/refusal.js';
import { onDisk, renameDurably, writeFile } from './files.js';
import { readPieces } from './read-pieces.js';

/**
 * Ciphertexts as files, named by their digest in hex (base64url would need a file system that tells upper from lower
 * case), in 256 folders. What was being written when a process died is removed at the next start.
 */
export async function openFileStore(directory: string): Promise<RecordStore> {
  const incoming = join(directory, 'incoming');
  await rm(incoming, { recursive: true, force: true });
  await mkdir(incoming, { recursive: true, mode: 0o700 });
  return {
    async keep(source, before) {
      const temporary = join(incoming, randomUUID());
      const written = await writeFile(temporary, source, true);
      const { folder, path } = place(directory, written.digest);
      try {
        before(written);
        await onDisk(async () => {
          await mkdir(folder, { recursive: true, mode: 0o700 });
          await renameDurably(temporary, path);
        });
      } catch (error) {
        await rm(temporary, { force: true });
        throw error;
      }
      return written;
    },
    async open(digest) {
      try {
        return readPieces(await open(place(directory, digest).path, 'r'));
      } catch (error) {
        const isMissing = error instanceof Error && 'code' in error && error.code === 'ENOENT';
        throw new Refusal(isMissing ? 'record-damaged' : 'store-unavailable', { cause: error });
      }
    },
    async drop(digest) {
      await onDisk(() => rm(place(directory, digest).path, { force: true }));
    },
  };
}

function place(directory: string, digest: string): { folder: string; path: string } {
  const name = Buffer.from(digest, 'base64url').toString('hex');
  const folder = join(directory, name.slice(0, 2));
  return { folder, path: join(folder, name) };
}
