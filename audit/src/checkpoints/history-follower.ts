import type { Checkpoint } from '@consent-ledger/chaincode/wire';
import { common, type peer } from '@hyperledger/fabric-protos';
import { dataHash, headerHash, ledgerIdOf, type BlockHeader } from '../block-hash.js';
import { isConfiguration } from '../evidence/envelopes.js';
import { readDelivered, type DeliveredTransaction } from '../history/delivered-block.js';
import { ProjectionStopped } from '../projection/stopped.js';
import { configurationLeaf, hashOfLeaf, leavesOf, statedInstant, type HistoryLeaf } from './leaf.js';

const VALID = 0;

/** A leaf with its place in the tree. */
export interface PlacedLeaf {
  readonly index: number;
  readonly leaf: HistoryLeaf;
  readonly hash: Buffer;
  readonly transaction: DeliveredTransaction;
}

/** How far somebody is, without the tree. */
export interface HistoryPosition {
  readonly ledger: string;
  /** Number of the last block. */
  readonly block: number;
  /** Lower-case hex SHA-256 of its header. */
  readonly hash: string;
  /** Latest timestamp of a valid transaction, epoch milliseconds. */
  readonly time: number;
  readonly configuration: number;
  /** Number of leaves. */
  readonly size: number;
}

/**
 * Takes blocks as a peer delivers them, one after the other, holds each against the one before, and says what leaves it has. Whether the
 * orderers signed them is for the own peer, or for a full bundle.
 */
export class HistoryFollower {
  #position: HistoryPosition | undefined;

  /** @param position where somebody was; from the genesis block on of itself */
  constructor(position?: HistoryPosition) {
    this.#position = position;
  }

  get position(): HistoryPosition | undefined {
    return this.#position;
  }

  /**
   * @returns the leaves of the block that comes next
   * @throws ProjectionStopped `gap`, `fork` where it does not go on from the one before
   */
  take(delivered: peer.BlockAndPrivateData): PlacedLeaf[] {
    const header = this.#headerOf(delivered);
    const { transactions } = readDelivered(delivered);
    const envelopes = delivered.getBlock()?.getData()?.getDataList_asU8() ?? [];
    const before = this.#position;
    const leaves: PlacedLeaf[] = [];
    let [size, time, configuration] = [before?.size ?? 0, before?.time ?? 0, before?.configuration ?? 0];
    for (const transaction of transactions) {
      if (transaction.code !== VALID && header.number > 0) continue;
      time = Math.max(time, transaction.at);
      const envelope = envelopes[transaction.index];
      const found = leavesOf(header.number, transaction);
      if (envelope !== undefined && isConfiguration(envelope)) {
        configuration = sequenceOf(envelope);
        found.push(configurationLeaf(header.number, transaction, envelope));
      }
      for (const leaf of found) {
        leaves.push({ index: size, leaf, hash: hashOfLeaf(leaf), transaction });
        size += 1;
      }
    }
    const hash = headerHash(header).toString('hex');
    const ledger = before?.ledger ?? ledgerIdOf(header);
    this.#position = { ledger, block: header.number, hash, time, configuration, size };
    return leaves;
  }

  #headerOf(delivered: peer.BlockAndPrivateData): BlockHeader {
    const block = delivered.getBlock();
    const header = block?.getHeader();
    const number = this.#position === undefined ? 0 : this.#position.block + 1;
    if (header?.getNumber() !== number)
      throw new ProjectionStopped('gap', number, `block ${number} was to come`);
    const data = dataHash(block?.getData()?.getDataList_asU8() ?? []);
    const previous = Buffer.from(header.getPreviousHash_asU8());
    if (previous.toString('hex') !== (this.#position?.hash ?? '') || !data.equals(header.getDataHash_asU8()))
      throw new ProjectionStopped('fork', number, `block ${number} does not go on from the one before it`);
    return { number, previousHash: previous, dataHash: data };
  }
}

/** What a member says of the history up to where it is. */
export function checkpointAt(position: HistoryPosition, root: Buffer): Checkpoint {
  return { ...position, root, time: statedInstant(position.time) };
}

function sequenceOf(envelope: Uint8Array): number {
  const payload = common.Payload.deserializeBinary(
    common.Envelope.deserializeBinary(envelope).getPayload_asU8(),
  );
  return common.ConfigEnvelope.deserializeBinary(payload.getData_asU8()).getConfig()?.getSequence() ?? 0;
}
