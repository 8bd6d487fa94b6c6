import { gzipSync } from 'node:zlib';

const BLOCK = 512;

export interface TarEntry {
  /** At most 100 characters of ASCII. */
  readonly name: string;
  readonly content: Buffer;
}

/**
 * A gzipped tar archive (POSIX.1-1988 ustar) that is the same, byte for byte, for the same entries everywhere: no times,
 * no owners, and stored rather than deflated, as two versions of zlib need not deflate alike.
 */
export function tarGz(entries: readonly TarEntry[]): Buffer {
  const archive = gzipSync(Buffer.concat([...entries.flatMap(tarFile), Buffer.alloc(2 * BLOCK)]), {
    level: 0,
  });
  archive[9] = 255; // operating system: unknown (RFC 1952, 2.3.1)
  return archive;
}

function tarFile({ name, content }: TarEntry): Buffer[] {
  const padding = Buffer.alloc((BLOCK - (content.length % BLOCK)) % BLOCK);
  return [tarHeader(name, content.length), content, padding];
}

function tarHeader(name: string, size: number): Buffer {
  const header = Buffer.alloc(BLOCK);
  header.write(name, 0, 100, 'ascii');
  header.write('0000644\0', 100, 'ascii'); // mode
  header.write('0000000\0', 108, 'ascii'); // owner
  header.write('0000000\0', 116, 'ascii'); // group
  header.write(`${size.toString(8).padStart(11, '0')}\0`, 124, 'ascii');
  header.write('00000000000\0', 136, 'ascii'); // time
  header.write(' '.repeat(8), 148, 'ascii'); // the checksum counts itself as spaces
  header.write('0', 156, 'ascii'); // a file
  header.write('ustar\x0000', 257, 'ascii');
  const sum = header.reduce((total, byte) => total + byte, 0);
  header.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148, 'ascii');
  return header;
}
