/** A malformed DER structure. */
export class DerError extends Error {
  override readonly name = 'DerError';
}

export interface DerElement {
  /** Tag byte (class, constructed bit, number); multi-byte tags do not occur where we look. */
  readonly tag: number;
  readonly content: Buffer;
  /** The element with tag and length. */
  readonly whole: Buffer;
  /** Offset after the element. */
  readonly end: number;
}

/** Reads one DER element at an offset. */
export function readDer(bytes: Buffer, offset = 0): DerElement {
  const tag = bytes[offset];
  const first = bytes[offset + 1];
  if (tag === undefined || first === undefined) throw new DerError('truncated DER');
  let at = offset + 2;
  let length = first;
  if (first >= 0x80) {
    const count = first & 0x7f;
    if (count === 0 || count > 4 || at + count > bytes.length) throw new DerError('bad DER length');
    length = bytes.readUIntBE(at, count);
    at += count;
  }
  const end = at + length;
  if (end > bytes.length) throw new DerError('truncated DER');
  return { tag, content: bytes.subarray(at, end), whole: bytes.subarray(offset, end), end };
}

/** The elements of a constructed value. */
export function derChildren(content: Buffer): DerElement[] {
  const children: DerElement[] = [];
  let at = 0;
  while (at < content.length) {
    const child = readDer(content, at);
    children.push(child);
    at = child.end;
  }
  return children;
}

export function encodeDer(tag: number, content: Uint8Array): Buffer {
  const length = content.length;
  if (length < 0x80) return Buffer.concat([Buffer.from([tag, length]), content]);
  const digits: number[] = [];
  for (let rest = length; rest > 0; rest = Math.floor(rest / 256)) digits.unshift(rest % 256);
  return Buffer.concat([Buffer.from([tag, 0x80 | digits.length, ...digits]), content]);
}

/** INTEGER of a non-negative big-endian magnitude: minimal, with a zero in front of a set high bit. */
export function encodeDerUnsigned(magnitude: Uint8Array): Buffer {
  let start = 0;
  while (start < magnitude.length - 1 && magnitude[start] === 0) start++;
  const digits = magnitude.subarray(start);
  const first = digits[0];
  if (first === undefined) return encodeDer(0x02, Buffer.from([0]));
  return encodeDer(0x02, first >= 0x80 ? Buffer.concat([Buffer.from([0]), digits]) : digits);
}
