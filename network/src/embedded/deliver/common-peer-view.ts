import type { Stores } from '../commit/committer.js';
import type { LiveChannel } from '../config/live-channel.js';
import { definitionKeys, LIFECYCLE_NAMESPACE, type Definitions } from '../lifecycle/definitions.js';
import type { ChaincodeDefinition, CollectionDefinition, StateValue } from '../ports.js';
import { compareBytewise } from '../state/byte-order.js';
import { readModification } from '../state/modification.js';
import type { HeldPrivateSet, PeerView } from './peer-view.js';

/** The part of the common ledger that waits for blocks. */
interface BlockSource {
  readonly channel: LiveChannel;
  readonly height: number;
  waitForBlock(blockNumber: number, signal: AbortSignal): Promise<Buffer>;
}

/** A peer that is as far as the ledger itself: all of them, until a delay is put in between. */
export class CommonPeerView implements PeerView {
  readonly mspId: string;
  readonly #source: BlockSource;
  readonly #stores: Stores;
  readonly #definitions: Definitions;

  constructor(mspId: string, source: BlockSource, stores: Stores, definitions: Definitions) {
    this.mspId = mspId;
    this.#source = source;
    this.#stores = stores;
    this.#definitions = definitions;
  }

  get channel(): LiveChannel {
    return this.#source.channel;
  }

  get height(): number {
    return this.#source.height;
  }

  waitForBlock(blockNumber: number, signal: AbortSignal): Promise<Buffer> {
    return this.#source.waitForBlock(blockNumber, signal);
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
