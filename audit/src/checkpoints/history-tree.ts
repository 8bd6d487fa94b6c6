import type { Checkpoint } from '@consent-ledger/chaincode/wire';
import type { peer } from '@hyperledger/fabric-protos';
import { checkpointAt, HistoryFollower, type PlacedLeaf } from './history-follower.js';
import { HashList, MerkleTree } from './merkle-tree.js';

/** The tree of a whole history with what every checkpoint of it says: about 64 bytes a leaf and 60 a block. */
export class HistoryTree {
  readonly tree = new MerkleTree();
  readonly #follower = new HistoryFollower();
  readonly #hashes = new HashList();
  readonly #sizes: number[] = [];
  readonly #times: number[] = [];
  readonly #configurations: number[] = [];

  /** Number of blocks. */
  get height(): number {
    return this.#sizes.length;
  }

  /**
   * @returns the leaves of the block that comes next
   * @throws ProjectionStopped
   */
  take(delivered: peer.BlockAndPrivateData): PlacedLeaf[] {
    const leaves = this.#follower.take(delivered);
    for (const { hash } of leaves) this.tree.append(hash);
    const { position } = this.#follower;
    if (position === undefined) return leaves;
    this.#hashes.push(Buffer.from(position.hash, 'hex'));
    this.#sizes.push(position.size);
    this.#times.push(position.time);
    this.#configurations.push(position.configuration);
    return leaves;
  }

  /** Undefined where that block has not come. */
  checkpointAt(block: number): Checkpoint | undefined {
    const [size, time, configuration] = [this.#sizes[block], this.#times[block], this.#configurations[block]];
    const ledger = this.#follower.position?.ledger;
    if (size === undefined || time === undefined || configuration === undefined || ledger === undefined)
      return undefined;
    const hash = this.#hashes.at(block).toString('hex');
    return checkpointAt({ ledger, block, hash, time, configuration, size }, this.tree.root(size));
  }
}
