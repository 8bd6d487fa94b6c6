const SEQUENCE = 0x30;
const INTEGER = 0x02;
const HALF = 32;

/**
 * An ECDSA signature over P-256 as `Ecdsa-Sig-Value` (RFC 3279 section 2.2.3, DER), from `r || s` of 32 bytes
 * each (RFC 7518 section 3.4). Written in place, since every request of every batch passes through it.
 */
export function derSignature(signature: Uint8Array): Uint8Array {
  const der = new Uint8Array(2 * (HALF + 3) + 2);
  const afterR = writeInteger(der, 2, signature.subarray(0, HALF));
  const end = writeInteger(der, afterR, signature.subarray(HALF));
  der[0] = SEQUENCE;
  der[1] = end - 2;
  return der.subarray(0, end);
}

/**
 * Writes the shortest form: no leading zeros, but one before a set top bit, which would make the number
 * negative.
 * @returns where the next element goes
 */
function writeInteger(der: Uint8Array, at: number, bytes: Uint8Array): number {
  let first = 0;
  while (first < HALF - 1 && bytes[first] === 0) first += 1;
  const pad = (bytes[first] ?? 0) >= 0x80 ? 1 : 0;
  const length = HALF - first + pad;
  der[at] = INTEGER;
  der[at + 1] = length;
  der.set(bytes.subarray(first), at + 2 + pad);
  return at + 2 + length;
}
