import { createHash } from 'node:crypto';
import { open, rename, rm, type FileHandle } from 'node:fs/promises';
import { dirname } from 'node:path';
import { Refusal } from '../../usecases/refusal.js';

export interface WrittenFile {
  /** SHA-256, base64url. */
  readonly digest: string;
  readonly bytes: number;
}

/** What is gathered before it is written: a call for each chunk of a connection would cost more than the chunk. */
const WRITE_BYTES = 1024 * 1024;

/**
 * Writes a stream to a new file of mode 0600; after a failure the file is gone. `durable`: through to the disk. Holds two lots of
 * 1 MiB at most, one that is written while the other is gathered.
 */
export async function writeFile(
  path: string,
  source: AsyncIterable<Uint8Array>,
  durable: boolean,
): Promise<WrittenFile> {
  const hash = createHash('sha256');
  let bytes = 0;
  const file = await onDisk(() => open(path, 'wx', 0o600));
  try {
    let writing: Promise<void> = Promise.resolve();
    try {
      let gathered: Uint8Array[] = [];
      let waiting = 0;
      const write = async (): Promise<void> => {
        await writing;
        writing = writeAll(file, gathered);
        // It is waited for below; that it failed is seen there.
        writing.catch(() => undefined);
        gathered = [];
        waiting = 0;
      };
      for await (const chunk of source) {
        hash.update(chunk);
        bytes += chunk.length;
        gathered.push(chunk);
        waiting += chunk.length;
        if (waiting >= WRITE_BYTES) await write();
      }
      await write();
      await writing;
      if (durable) await onDisk(() => file.sync());
    } finally {
      await writing.catch(() => undefined);
      await file.close();
    }
  } catch (error) {
    await rm(path, { force: true });
    throw error;
  }
  return { digest: hash.digest('base64url'), bytes };
}

/** Gives a file its final name; durable when it resolves. */
export async function renameDurably(from: string, to: string): Promise<void> {
  await rename(from, to);
  const folder = await open(dirname(to), 'r');
  try {
    await folder.sync();
  } finally {
    await folder.close();
  }
}

/** What the disk refuses, because it is full, broken or away, is the store's trouble and nobody's who calls. */
export async function onDisk<Result>(work: () => Promise<Result>): Promise<Result> {
  try {
    return await work();
  } catch (cause) {
    throw new Refusal('store-unavailable', { cause });
  }
}

/** Several chunks by one call; a disk may take fewer bytes than it is given. */
async function writeAll(file: FileHandle, chunks: readonly Uint8Array[]): Promise<void> {
  let left = chunks.filter(({ length }) => length > 0);
  while (left.length > 0) {
    let { bytesWritten } = await onDisk(() => file.writev(left));
    const rest: Uint8Array[] = [];
    for (const chunk of left) {
      if (bytesWritten < chunk.length) rest.push(chunk.subarray(bytesWritten));
      bytesWritten = Math.max(0, bytesWritten - chunk.length);
    }
    left = rest;
  }
}
