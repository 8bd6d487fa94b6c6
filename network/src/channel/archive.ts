import { crc32 } from 'node:zlib';

export interface ArchiveFile {
  /** Plain ASCII, at most 100 characters. */
  readonly name: string;
  readonly content: Uint8Array;
}

const BLOCK = 512;
const MAX_STORED = 0xffff;

/** A tar archive (POSIX ustar) of files of mode 0644 that belong to root and to no time: the same bytes always. */
export function tar(files: readonly ArchiveFile[]): Buffer {
  const parts = files.flatMap(({ name, content }) => [
    tarHeader(name, content.length),
    content,
    Buffer.alloc((BLOCK - (content.length % BLOCK)) % BLOCK),
  ]);
  return Buffer.concat([...parts, Buffer.alloc(2 * BLOCK)]);
}

function tarHeader(name: string, size: number): Buffer {
  if (name.length > 100) throw new RangeError('a file name in a package has at most 100 characters');
  const header = Buffer.alloc(BLOCK);
  const octal = (value: number, digits: number): string => `${value.toString(8).padStart(digits, '0')}\0`;
  header.write(name, 0, 'ascii');
  header.write(octal(0o644, 7), 100, 'ascii');
  header.write(octal(0, 7), 108, 'ascii'); // user
  header.write(octal(0, 7), 116, 'ascii'); // group
  header.write(octal(size, 11), 124, 'ascii');
  header.write(octal(0, 11), 136, 'ascii'); // time
  header.write('0', 156, 'ascii'); // a regular file
  header.write('ustar\u000000', 257, 'ascii');
  // The checksum counts its own field as eight spaces.
  const sum = header.reduce((total, byte) => total + byte, 8 * 0x20);
  header.write(`${octal(sum, 6)} `, 148, 'ascii');
  return header;
}

/**
 * A gzip member (RFC 1952) that stores and does not compress: what a compressor makes of the same input differs
 * between versions of zlib, and the hash of these bytes is the id of a package.
 */
export function gzip(content: Uint8Array): Buffer {
  const header = Buffer.from([0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 0xff]);
  const trailer = Buffer.alloc(8);
  trailer.writeUInt32LE(crc32(content), 0);
  trailer.writeUInt32LE(content.length % 2 ** 32, 4);
  return Buffer.concat([header, ...storedBlocks(content), trailer]);
}

/** RFC 1951, 3.2.4. */
function storedBlocks(content: Uint8Array): Buffer[] {
  const blocks: Buffer[] = [];
  let at = 0;
  do {
    const chunk = content.subarray(at, at + MAX_STORED);
    at += chunk.length;
    const head = Buffer.alloc(5);
    head.writeUInt8(at >= content.length ? 1 : 0, 0);
    head.writeUInt16LE(chunk.length, 1);
    head.writeUInt16LE(chunk.length ^ 0xffff, 3);
    blocks.push(head, Buffer.from(chunk));
  } while (at < content.length);
  return blocks;
}
