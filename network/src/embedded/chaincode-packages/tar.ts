import { gunzipSync } from 'node:zlib';

const BLOCK = 512;
/** Of what a package expands to; a peer's own limit of a message. */
const MAX_BYTES = 100 * 1024 * 1024;
/** Type flags of a regular file: POSIX and the older one. */
const REGULAR = new Set(['0', '\0']);

/**
 * The regular files of a tar.gz by name (POSIX ustar; Go writes short names as plainly as we do).
 * @throws Error for what is no such archive.
 */
export function readTarGz(bytes: Uint8Array): ReadonlyMap<string, Buffer> {
  let archive: Buffer;
  try {
    archive = gunzipSync(bytes, { maxOutputLength: MAX_BYTES });
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new Error(`error reading as gzip stream: ${reason}`, { cause: error });
  }
  const files = new Map<string, Buffer>();
  for (let at = 0; at + BLOCK <= archive.length;) {
    const header = archive.subarray(at, at + BLOCK);
    if (header.every((byte) => byte === 0)) break;
    const size = readSize(header);
    const start = at + BLOCK;
    if (size === undefined || start + size > archive.length) {
      throw new Error('error inspecting next tar header: archive/tar: invalid tar header');
    }
    const prefix = text(header, 345, 155);
    const name = text(header, 0, 100);
    if (REGULAR.has(header.toString('latin1', 156, 157))) {
      files.set(prefix === '' ? name : `${prefix}/${name}`, archive.subarray(start, start + size));
    }
    at = start + Math.ceil(size / BLOCK) * BLOCK;
  }
  return files;
}

function text(header: Buffer, at: number, length: number): string {
  const field = header.toString('utf8', at, at + length);
  const end = field.indexOf('\0');
  return end < 0 ? field : field.slice(0, end);
}

function readSize(header: Buffer): number | undefined {
  const digits = text(header, 124, 12).trim();
  return /^[0-7]+$/.test(digits) ? Number.parseInt(digits, 8) : undefined;
}
