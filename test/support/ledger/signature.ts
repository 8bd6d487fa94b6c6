import { sign as ecdsa, type KeyObject } from 'node:crypto';

/** Order of P-256 (SEC 2, 2.4.2). */
const N = 0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551n;

/** How a signature's s stands to half the curve's order. Fabric takes the low one only. */
export type HalfOfOrder = 'low' | 'high';

/** ECDSA P-256 over SHA-256 of the message, DER. */
export function sign(privateKey: KeyObject, message: Uint8Array, half: HalfOfOrder = 'low'): Buffer {
  const raw = ecdsa('sha256', message, { key: privateKey, dsaEncoding: 'ieee-p1363' });
  const r = BigInt(`0x${raw.toString('hex', 0, 32)}`);
  const s = BigInt(`0x${raw.toString('hex', 32)}`);
  const isHigh = s > N / 2n;
  return der(r, isHigh === (half === 'high') ? s : N - s);
}

/** The same signature with N - s for s: it verifies by the textbook, but not by Fabric. */
export function otherHalf(signature: Uint8Array): Buffer {
  const bytes = Buffer.from(signature);
  const rLength = bytes[3] ?? 0;
  const r = BigInt(`0x${bytes.toString('hex', 4, 4 + rLength)}`);
  const s = BigInt(`0x${bytes.toString('hex', 6 + rLength)}`);
  return der(r, N - s);
}

function der(r: bigint, s: bigint): Buffer {
  const body = Buffer.concat([derInteger(r), derInteger(s)]);
  return Buffer.concat([Buffer.from([0x30, body.length]), body]);
}

function derInteger(value: bigint): Buffer {
  const hex = value.toString(16);
  const bytes = Buffer.from(hex.length % 2 === 0 ? hex : `0${hex}`, 'hex');
  // A leading one bit would make it negative.
  const positive = (bytes[0] ?? 0) > 0x7f ? Buffer.concat([Buffer.of(0), bytes]) : bytes;
  return Buffer.concat([Buffer.from([0x02, positive.length]), positive]);
}
