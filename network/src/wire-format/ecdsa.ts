import { derChildren, DerError, encodeDer, encodeDerUnsigned, readDer } from './der.js';

/** Orders of the curves that Fabric accepts, halved: the upper bound of a low S [bccsp/utils/ecdsa.go]. */
const ORDERS: Readonly<Record<string, bigint>> = {
  prime256v1: 0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551n,
  secp384r1:
    0xffffffffffffffffffffffffffffffffffffffffffffffffc7634d81f4372ddf581a0db248b0a77aecec196accc52973n,
  secp521r1:
    0x01fffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffa51868783bf2f966b7fcc0148f709a5d03bb5c9b8899c47aebb6fb71e91386409n,
};

function order(curve: string): bigint {
  const value = ORDERS[curve];
  if (value === undefined) throw new DerError(`curve ${curve} is not supported`);
  return value;
}

function readInteger(content: Buffer): bigint {
  if (content.length === 0) throw new DerError('empty INTEGER');
  return BigInt(`0x${content.toString('hex')}`);
}

function readSignature(der: Uint8Array): { r: Buffer; s: Buffer } {
  const outer = readDer(Buffer.from(der.buffer, der.byteOffset, der.byteLength));
  if (outer.tag !== 0x30) throw new DerError('signature is no SEQUENCE');
  const [r, s, more] = derChildren(outer.content);
  if (r?.tag !== 0x02 || s?.tag !== 0x02 || more !== undefined)
    throw new DerError('signature is not two INTEGERs');
  return { r: r.content, s: s.content };
}

/** Whether the S of a DER signature is in the lower half, as Fabric demands everywhere. */
export function isLowS(der: Uint8Array, curve: string): boolean {
  const { s } = readSignature(der);
  return readInteger(s) <= order(curve) / 2n;
}

/** The same signature with S in the lower half: what Fabric's own signers produce. */
export function toLowS(der: Uint8Array, curve: string): Buffer {
  const { r, s } = readSignature(der);
  const n = order(curve);
  const value = readInteger(s);
  if (value <= n / 2n) return Buffer.from(der);
  const hex = (n - value).toString(16);
  const low = Buffer.from(hex.length % 2 === 0 ? hex : `0${hex}`, 'hex');
  return encodeDer(0x30, Buffer.concat([encodeDer(0x02, r), encodeDerUnsigned(low)]));
}
