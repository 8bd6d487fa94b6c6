import { createHash } from 'node:crypto';

/**
 * Hashes of a Fabric block, re-derived from its bytes.
 * Source: Fabric's protoutil/blockutils.go (BlockHeaderBytes, ComputeBlockDataHash).
 */

export interface BlockHeader {
  readonly number: number;
  /** SHA-256 of the header before; empty in the genesis block. */
  readonly previousHash: Uint8Array;
  /** SHA-256 of the transactions' envelopes, one after the other. */
  readonly dataHash: Uint8Array;
}

/** DER of SEQUENCE { INTEGER number, OCTET STRING previous hash, OCTET STRING data hash }. */
export function headerBytes(header: BlockHeader): Buffer {
  const body = Buffer.concat([
    derElement(0x02, derUnsigned(header.number)),
    derElement(0x04, header.previousHash),
    derElement(0x04, header.dataHash),
  ]);
  return derElement(0x30, body);
}

/** SHA-256 of the header's DER: what the next block names as its previous hash. */
export function headerHash(header: BlockHeader): Buffer {
  return createHash('sha256').update(headerBytes(header)).digest();
}

/** SHA-256 over the envelopes' bytes without lengths between them. */
export function dataHash(envelopes: readonly Uint8Array[]): Buffer {
  const hash = createHash('sha256');
  for (const envelope of envelopes) hash.update(envelope);
  return hash.digest();
}

/** The ledger's id: lower-case hex SHA-256 of the genesis block's header. */
export function ledgerIdOf(genesis: BlockHeader): string {
  return headerHash(genesis).toString('hex');
}

function derElement(tag: number, content: Uint8Array): Buffer {
  return Buffer.concat([Buffer.from([tag]), derLength(content.length), content]);
}

function derLength(length: number): Buffer {
  if (length < 0x80) return Buffer.from([length]);
  const bytes = bigEndian(length);
  return Buffer.from([0x80 | bytes.length, ...bytes]);
}

/** A DER INTEGER is signed: a leading bit of 1 needs a zero byte before it. */
function derUnsigned(value: number): Buffer {
  const bytes = value === 0 ? [0] : bigEndian(value);
  return Buffer.from((bytes[0] ?? 0) & 0x80 ? [0, ...bytes] : bytes);
}

/** Minimal big-endian bytes of a whole number; none for zero. */
export function bigEndian(value: number): number[] {
  const bytes: number[] = [];
  for (let rest = value; rest > 0; rest = Math.floor(rest / 256)) bytes.unshift(rest % 256);
  return bytes;
}
