import { randomBytes } from 'node:crypto';
import {
  dataHash,
  encodeMetadata,
  headerBytes,
  headerHash,
  MetadataSlot,
  ProtoWriter,
  type Block,
  type BlockHeader,
} from '../../wire-format/index.js';
import type { PeerSigner } from '../ports.js';

const EMPTY: Buffer = Buffer.alloc(0);
const NONCE_BYTES = 24;
const SLOTS = 5;

/**
 * The next block of the chain as an orderer sends it: header, data, and its signature over header and last
 * configuration; the slots that a peer fills are empty [orderer/common/multichannel/blockwriter.go].
 */
export function writeBlock(
  previous: BlockHeader,
  transactions: readonly Buffer[],
  lastConfigIndex: number,
  orderer: PeerSigner,
): Block {
  const header: BlockHeader = {
    number: previous.number + 1,
    previousHash: headerHash(previous),
    dataHash: dataHash(transactions),
  };
  const metadata = new Array<Buffer>(SLOTS).fill(EMPTY);
  const lastConfig = new ProtoWriter().number(1, lastConfigIndex).finish();
  metadata[MetadataSlot.SIGNATURES] = signatures(header, lastConfig, orderer);
  metadata[MetadataSlot.LAST_CONFIG] = encodeMetadata(lastConfig);
  return { header, transactions, metadata };
}

function signatures(header: BlockHeader, lastConfig: Buffer, orderer: PeerSigner): Buffer {
  const value = new ProtoWriter()
    .present(1, lastConfig)
    .present(2, encodeMetadata(raftMetadata(header.number)))
    .finish();
  const signatureHeader = new ProtoWriter()
    .bytes(1, orderer.serializedIdentity)
    .bytes(2, randomBytes(NONCE_BYTES))
    .finish();
  const signature = orderer.sign(Buffer.concat([value, signatureHeader, headerBytes(header)]));
  return encodeMetadata(value, [{ signatureHeader, signature }]);
}

/** etcdraft.BlockMetadata of a cluster of one: consenter ids, next consenter id, raft index. */
function raftMetadata(blockNumber: number): Buffer {
  return new ProtoWriter()
    .present(1, Buffer.from([1]))
    .number(2, 2)
    .number(3, blockNumber)
    .finish();
}
