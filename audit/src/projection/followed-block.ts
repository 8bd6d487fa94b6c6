import type { peer } from '@hyperledger/fabric-protos';
import { dataHash, headerHash } from '../block-hash.js';
import { readDelivered, type DeliveredBlock } from '../history/delivered-block.js';

/** A block as the own peer delivers it, with the hashes that chain it to the others, hex. */
export interface FollowedBlock extends DeliveredBlock {
  readonly hash: string;
  readonly previousHash: string;
  /** Whether its transactions have the hash that its header states. */
  readonly isWhole: boolean;
  /** Latest timestamp of a valid transaction, epoch milliseconds; 0 where there is none. */
  readonly at: number;
}

/** @throws Error where it is not what a peer delivers */
export function readFollowed(delivered: peer.BlockAndPrivateData): FollowedBlock {
  const block = readDelivered(delivered);
  const header = delivered.getBlock()?.getHeader();
  const envelopes = delivered.getBlock()?.getData()?.getDataList_asU8() ?? [];
  const stated = header?.getDataHash_asU8() ?? new Uint8Array();
  const previousHash = header?.getPreviousHash_asU8() ?? new Uint8Array();
  return {
    ...block,
    hash: headerHash({ number: block.number, previousHash, dataHash: stated }).toString('hex'),
    previousHash: Buffer.from(previousHash).toString('hex'),
    isWhole: dataHash(envelopes).equals(stated),
    at: block.transactions.reduce((latest, { at, code }) => (code === 0 ? Math.max(latest, at) : latest), 0),
  };
}
