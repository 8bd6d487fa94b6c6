import { createWriteStream } from 'node:fs';
import { rename, rm } from 'node:fs/promises';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { badInput, systemCode } from './user-error.js';

/** Writes a file of mode 0600 that is there whole or not at all. Throws a UserError where it cannot be written. */
export async function writeWhole(
  file: string,
  content: AsyncIterable<string | Uint8Array> | Iterable<string | Uint8Array>,
): Promise<void> {
  const partial = `${file}.partial`;
  try {
    await pipeline(Readable.from(content), createWriteStream(partial, { mode: 0o600, flush: true }));
    await rename(partial, file);
  } catch (error) {
    await rm(partial, { force: true });
    const code = systemCode(error);
    if (code === undefined || !/^E[A-Z]+$/.test(code)) throw error;
    throw badInput(`${file} cannot be written (${code}).`, { cause: error });
  }
}
