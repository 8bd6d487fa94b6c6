import type { DatabaseSync } from 'node:sqlite';
import { headerHash, readBlock } from '../wire-format/index.js';
import { readChannelConfig } from './config/channel-config.js';
import { LiveChannel } from './config/live-channel.js';
import { openStores } from './open-stores.js';
import { BlockStore } from './store/block-store.js';
import { requireSoundPages } from './store/database.js';
import { openUnchanged } from './store/unchanged.js';
import { damaged } from './store/store-error.js';
import { TipWitness } from './store/tip-witness.js';
import { explainDamage, inTurns, requireWitnessedTip } from './verification/damage.js';
import { compareReplay } from './verification/replay-comparison.js';
import { verifyLedger } from './verification/verify-ledger.js';

export interface SoundLedger {
  /** Number of blocks. */
  readonly blocks: number;
  /** COMMIT_HASH of the last block; empty where there is only the genesis block. */
  readonly commitHash: Buffer;
  /** Whether something beside the ledger says that its last block is the last that was committed. */
  readonly isWitnessed: boolean;
}

/** A ledger that no process has open: a stopped one, or a copy of one. Reading it changes nothing. */
export interface StoppedLedger {
  readonly height: number;
  /** SHA-256 of the genesis block's header. */
  readonly id: Buffer;
  /** Serialised common.Block, from the genesis block on. */
  readonly blocks: () => Iterable<Buffer>;
  /**
   * Compares everything in the store with everything, as opening does, and then judges every transaction again from the
   * genesis block on: the same codes, commit hashes and state must come of it.
   * @param onProgress Called now and then with the number of blocks that are done, which is twice the height in the end.
   * @throws StoreError naming the first block that is not what it should be
   */
  readonly check: (onProgress?: (done: number) => void) => Promise<SoundLedger>;
  readonly close: () => void;
}

/** @throws StoreError where there is no ledger, where it is open in another process, or where it cannot be read */
export function openStoppedLedger(folder: string): StoppedLedger {
  const { ledger, transient, close } = openUnchanged(folder);
  try {
    return readStopped(folder, ledger, transient, close);
  } catch (error) {
    close();
    throw explainDamage(error, folder, 0);
  }
}

function readStopped(
  folder: string,
  database: DatabaseSync,
  transient: DatabaseSync | undefined,
  close: () => void,
): StoppedLedger {
  const blocks = new BlockStore(database);
  const genesis = blocks.read(0);
  if (genesis === undefined) throw damaged(folder, 0, 'it is missing');
  const first = readBlock(genesis);
  return {
    height: blocks.height,
    id: headerHash(first.header),
    blocks: () => readAll(blocks, folder),
    check: async (onProgress) => {
      const channel = new LiveChannel(readChannelConfig(first), []);
      const { commitHash } = await inTurns(
        verifyLedger(openStores(database), channel, genesis),
        folder,
        onProgress,
      );
      requireSoundPages(database, folder, blocks.height);
      const witness = transient === undefined ? undefined : new TipWitness(transient);
      if (witness !== undefined) requireWitnessedTip(blocks, witness, folder);
      await inTurns(compareReplay(blocks, database), folder, (done) => {
        onProgress?.(blocks.height + done);
      });
      return { blocks: blocks.height, commitHash, isWitnessed: witness?.last() !== undefined };
    },
    close,
  };
}

function* readAll(blocks: BlockStore, folder: string): Generator<Buffer> {
  for (let number = 0; number < blocks.height; number++) {
    const block = blocks.read(number);
    if (block === undefined) throw damaged(folder, number, 'it is missing');
    yield block;
  }
}
