import type { FileHandle } from 'node:fs/promises';

/** A segment of a ciphertext: what is read whole is opened without being put together first. */
const PIECE_BYTES = 1024 * 1024;
/** One is read, one is asked for, and whoever opens segments looks at the one before that. */
const PIECES = 4;

/**
 * The bytes of an open file in pieces of at most 1 MiB; the next one is read while one is looked at. A piece is good until three more have been
 * asked for: then its memory is used again, since fresh memory for each would cost more than to read it. Closes the file at the end, and when
 * nobody wants more.
 */
export async function* readPieces(file: FileHandle): AsyncGenerator<Buffer> {
  let next: Promise<Buffer> | undefined;
  try {
    const { size } = await file.stat();
    const memory: Buffer[] = [];
    let at = 0;
    let count = 0;
    const readNext = (): Promise<Buffer> | undefined => {
      const bytes = Math.min(PIECE_BYTES, size - at);
      if (bytes <= 0) return undefined;
      const place = count % PIECES;
      const piece = (memory[place] ??= Buffer.allocUnsafeSlow(bytes)).subarray(0, bytes);
      const reading = read(file, piece, at);
      // Who stops in between never asks for it.
      reading.catch(() => undefined);
      at += bytes;
      count += 1;
      return reading;
    };
    next = readNext();
    while (next !== undefined) {
      const piece = await next;
      next = readNext();
      yield piece;
    }
  } finally {
    await next?.catch(() => undefined);
    await file.close();
  }
}

/** Fewer bytes where the file has become shorter meanwhile, which its digest or its tags will tell. */
async function read(file: FileHandle, piece: Buffer, position: number): Promise<Buffer> {
  for (let filled = 0; filled < piece.length;) {
    const { bytesRead } = await file.read(piece, filled, piece.length - filled, position + filled);
    if (bytesRead === 0) return piece.subarray(0, filled);
    filled += bytesRead;
  }
  return piece;
}
