import { encodeDer, encodeDerUnsigned } from './der.js';
import { sha256 } from './hash.js';
import { len, merged, ProtoReader, varint, WireFormatError } from './proto-reader.js';
import { ProtoWriter } from './proto-writer.js';

export interface BlockHeader {
  readonly number: number;
  /** Hash of the previous block's header; empty in the genesis block. */
  readonly previousHash: Buffer;
  readonly dataHash: Buffer;
}

export interface Block {
  readonly header: BlockHeader;
  /** Serialised common.Envelope each. */
  readonly transactions: readonly Buffer[];
  /** The slots of common.BlockMetadataIndex. */
  readonly metadata: readonly Buffer[];
}

/** common.BlockMetadataIndex */
export const MetadataSlot = {
  SIGNATURES: 0,
  LAST_CONFIG: 1,
  TRANSACTIONS_FILTER: 2,
  ORDERER: 3,
  COMMIT_HASH: 4,
} as const;

const EMPTY: Buffer = Buffer.alloc(0);

/** common.Block */
export function readBlock(bytes: Uint8Array): Block {
  const reader = new ProtoReader(bytes);
  let header: Buffer | undefined;
  let data: Buffer | undefined;
  let metadata: Buffer | undefined;
  for (let tag = reader.next(); tag !== 0; tag = reader.next()) {
    if (tag === len(1)) header = merged(header, reader.bytes());
    else if (tag === len(2)) data = merged(data, reader.bytes());
    else if (tag === len(3)) metadata = merged(metadata, reader.bytes());
    else reader.skip(tag);
  }
  if (header === undefined) throw new WireFormatError('block without header');
  return {
    header: readBlockHeader(header),
    transactions: readRepeatedBytes(data ?? EMPTY),
    metadata: readRepeatedBytes(metadata ?? EMPTY),
  };
}

function readBlockHeader(bytes: Buffer): BlockHeader {
  const reader = new ProtoReader(bytes);
  let number = 0;
  let previousHash = EMPTY;
  let dataHash = EMPTY;
  for (let tag = reader.next(); tag !== 0; tag = reader.next()) {
    if (tag === varint(1)) number = reader.number();
    else if (tag === len(2)) previousHash = reader.bytes();
    else if (tag === len(3)) dataHash = reader.bytes();
    else reader.skip(tag);
  }
  return { number, previousHash, dataHash };
}

function readRepeatedBytes(bytes: Buffer): Buffer[] {
  const reader = new ProtoReader(bytes);
  const items: Buffer[] = [];
  for (let tag = reader.next(); tag !== 0; tag = reader.next()) {
    if (tag === len(1)) items.push(reader.bytes());
    else reader.skip(tag);
  }
  return items;
}

export function encodeBlock(block: Block): Buffer {
  const header = new ProtoWriter()
    .number(1, block.header.number)
    .bytes(2, block.header.previousHash)
    .bytes(3, block.header.dataHash)
    .finish();
  const data = new ProtoWriter();
  for (const transaction of block.transactions) data.present(1, transaction);
  const metadata = new ProtoWriter();
  for (const slot of block.metadata) metadata.present(1, slot);
  return new ProtoWriter()
    .present(1, header)
    .present(2, data.finish())
    .present(3, metadata.finish())
    .finish();
}

/** The DER bytes that stand for a header when it is hashed or signed [protoutil/blockutils.go]. */
export function headerBytes(header: BlockHeader): Buffer {
  const number = Buffer.alloc(8);
  number.writeBigUInt64BE(BigInt(header.number));
  return encodeDer(
    0x30,
    Buffer.concat([
      encodeDerUnsigned(number),
      encodeDer(0x04, header.previousHash),
      encodeDer(0x04, header.dataHash),
    ]),
  );
}

export function headerHash(header: BlockHeader): Buffer {
  return sha256(headerBytes(header));
}

/** SHA-256 over the envelopes joined, without lengths. */
export function dataHash(transactions: readonly Buffer[]): Buffer {
  return sha256(EMPTY, ...transactions);
}

export interface MetadataSignature {
  /** Serialised common.SignatureHeader. */
  readonly signatureHeader: Buffer;
  readonly signature: Buffer;
}

/** common.Metadata: the value and the signatures of one slot. */
export function readMetadata(bytes: Uint8Array): { value: Buffer; signatures: MetadataSignature[] } {
  const reader = new ProtoReader(bytes);
  let value = EMPTY;
  const signatures: MetadataSignature[] = [];
  for (let tag = reader.next(); tag !== 0; tag = reader.next()) {
    if (tag === len(1)) value = reader.bytes();
    else if (tag === len(2)) signatures.push(readMetadataSignature(reader.bytes()));
    else reader.skip(tag);
  }
  return { value, signatures };
}

function readMetadataSignature(bytes: Buffer): MetadataSignature {
  const reader = new ProtoReader(bytes);
  let signatureHeader = EMPTY;
  let signature = EMPTY;
  for (let tag = reader.next(); tag !== 0; tag = reader.next()) {
    if (tag === len(1)) signatureHeader = reader.bytes();
    else if (tag === len(2)) signature = reader.bytes();
    else reader.skip(tag);
  }
  return { signatureHeader, signature };
}

export function encodeMetadata(value: Uint8Array, signatures: readonly MetadataSignature[] = []): Buffer {
  const writer = new ProtoWriter().bytes(1, value);
  for (const { signatureHeader, signature } of signatures) {
    writer.present(2, new ProtoWriter().bytes(1, signatureHeader).bytes(2, signature).finish());
  }
  return writer.finish();
}

/** Index of the last configuration block, from the LAST_CONFIG slot (empty = 0). */
export function lastConfigIndex(block: Block): number {
  const slot = block.metadata[MetadataSlot.LAST_CONFIG];
  if (slot === undefined || slot.length === 0) return 0;
  return readLastConfig(readMetadata(slot).value);
}

function readLastConfig(bytes: Buffer): number {
  const reader = new ProtoReader(bytes);
  let index = 0;
  for (let tag = reader.next(); tag !== 0; tag = reader.next()) {
    if (tag === varint(1)) index = reader.number();
    else reader.skip(tag);
  }
  return index;
}
