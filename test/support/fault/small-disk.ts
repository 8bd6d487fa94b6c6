import { execFile } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import { open, rm, statfs } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);
const CHUNK = Buffer.alloc(1_048_576, 'x');

/** A file system of its own with hardly any room, in the place of a folder. */
export interface SmallDisk {
  /** Leaves not a byte. */
  fill(): Promise<void>;
  free(): Promise<void>;
  unmount(): Promise<void>;
}

/** Mounts it; undefined where one may not (only root may, and not in every container). */
export async function smallDisk(folder: string, mebibytes: number): Promise<SmallDisk | undefined> {
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  try {
    await run('mount', ['-t', 'tmpfs', '-o', `size=${mebibytes}m,mode=0700`, 'small-disk', folder]);
  } catch {
    return undefined;
  }
  const ballast = join(folder, 'ballast');
  return {
    fill: async () => {
      const file = await open(ballast, 'a');
      try {
        for (let chunk = CHUNK; chunk.length > 0;) {
          try {
            await file.appendFile(chunk);
          } catch (error) {
            if ((error as NodeJS.ErrnoException).code !== 'ENOSPC') throw error;
            // What was left over is smaller than the chunk.
            chunk = chunk.subarray(0, Math.floor(chunk.length / 2));
          }
        }
      } finally {
        await file.close();
      }
      const { bavail } = await statfs(folder);
      if (bavail > 0) throw new Error(`${bavail} blocks are still free`);
    },
    free: () => rm(ballast, { force: true }),
    unmount: async () => {
      await run('umount', [folder]);
    },
  };
}
