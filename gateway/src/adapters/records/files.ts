import { createHash } from 'node:crypto';
import { open, rename, rm } from 'node:fs/promises';
import { dirname } from 'node:path';
import { Refusal } from '../../usecases/refusal.js';

export interface WrittenFile {
  /** SHA-256, base64url. */
  readonly digest: string;
  readonly bytes: number;
}

/** Writes a stream to a new file of mode 0600 and through to the disk; after a failure the file is gone. */
export async function writeDurably(path: string, source: AsyncIterable<Uint8Array>): Promise<WrittenFile> {
  const hash = createHash('sha256');
  let bytes = 0;
  const file = await onDisk(() => open(path, 'wx', 0o600));
  try {
    try {
      for await (const chunk of source) {
        hash.update(chunk);
        bytes += chunk.length;
        await writeAll(file, chunk);
      }
      await onDisk(() => file.sync());
    } finally {
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

async function writeAll(file: Awaited<ReturnType<typeof open>>, chunk: Uint8Array): Promise<void> {
  for (let at = 0; at < chunk.length;) at += (await onDisk(() => file.write(chunk, at))).bytesWritten;
}
