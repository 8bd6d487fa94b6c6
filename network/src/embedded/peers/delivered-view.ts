import type { Stores } from '../commit/committer.js';
import type { LiveChannel } from '../config/live-channel.js';
import { definitionKeys, LIFECYCLE_NAMESPACE, type Definitions } from '../lifecycle/definitions.js';
import type { ChaincodeDefinition, CollectionDefinition, StateValue } from '../ports.js';
import { compareBytewise } from '../state/byte-order.js';
import { readModification } from '../state/modification.js';
import type { HeldPrivateSet, PeerView } from '../deliver/peer-view.js';
import type { PeerLedger } from './peer-ledger.js';

/** What one organisation's peer delivers: blocks as far as it has them, and the private data that it holds. */
export class DeliveredView implements PeerView {
  readonly mspId: string;
  readonly #peer: PeerLedger;
  readonly #stores: Stores;
  readonly #definitions: Definitions;

  constructor(peer: PeerLedger, stores: Stores, definitions: Definitions) {
    this.mspId = peer.mspId;
    this.#peer = peer;
    this.#stores = stores;
    this.#definitions = definitions;
  }

  get channel(): LiveChannel {
    return this.#peer.channel;
  }

  get height(): number {
    return this.#peer.height;
  }

  waitForBlock(blockNumber: number, signal: AbortSignal): Promise<Buffer> {
    return this.#peer.waitForBlock(blockNumber, signal);
  }

  privateSets(blockNumber: number): HeldPrivateSet[] {
    const { spaces, privateSets, lives } = this.#stores;
    return privateSets
      .ofBlock(blockNumber)
      .flatMap(({ space: id, version, holders, rwset }) => {
        const space = spaces.byId(id);
        if (space === undefined || !holders.has(this.mspId)) return [];
        if (lives.isOver(space.namespace, space.collection, blockNumber, this.height)) return [];
        return [{ tx: version.tx, namespace: space.namespace, collection: space.collection, rwset }];
      })
      .sort(
        (a, b) =>
          a.tx - b.tx ||
          compareBytewise(a.namespace, b.namespace) ||
          compareBytewise(a.collection, b.collection),
      );
  }

  collectionBelow(
    blockNumber: number,
    namespace: string,
    collection: string,
  ): CollectionDefinition | undefined {
    return this.#definitionBelow(blockNumber, namespace)?.collections.find(({ name }) => name === collection);
  }

  /** Private data stands under the definition that was committed before its block. */
  #definitionBelow(blockNumber: number, chaincode: string): ChaincodeDefinition | undefined {
    const { spaces, blocks, state } = this.#stores;
    const current = state.getState(LIFECYCLE_NAMESPACE, definitionKeys.field(chaincode, 'Sequence'));
    if (current !== undefined && current.version.block < blockNumber)
      return this.#definitions.atTip(chaincode);
    const space = spaces.find(LIFECYCLE_NAMESPACE, '');
    if (space === undefined) return undefined;
    const below = (_namespace: string, key: string): StateValue | undefined => {
      const [version] = blocks.history(space, key, blockNumber);
      if (version === undefined) return undefined;
      const modification = readModification(blocks, version, LIFECYCLE_NAMESPACE, key);
      return modification === undefined || modification.isDelete
        ? undefined
        : { value: modification.value, version };
    };
    return this.#definitions.in({ getState: below }, chaincode);
  }
}
