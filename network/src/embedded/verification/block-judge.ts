import type { KnownSignature } from '../msp/identity.js';
import { Replay } from './replay.js';

export interface BlockJudge {
  /**
   * Judges the block that comes next, and takes what is valid of it into the state.
   * @param isKnown what is known to be signed needs not be verified once more
   * @returns a protos.TxValidationCode for each envelope
   */
  block(number: number, envelopes: readonly Uint8Array[], isKnown?: KnownSignature): number[];
  close(): void;
}

/**
 * The committing peer's rules over the blocks of any Fabric channel, from the genesis block on, without a store: for
 * whoever has the blocks and wants to know whether their codes are right. The state lies in a scratch database.
 *
 * @param genesis common.Envelope of the genesis block's configuration
 */
export function judgeBlocks(genesis: Uint8Array): BlockJudge {
  const replay = new Replay(Buffer.from(genesis));
  return {
    block: (number, envelopes, isKnown) => [
      ...replay.block(
        number,
        envelopes.map((envelope) => Buffer.from(envelope)),
        isKnown,
      ).codes,
    ],
    close: () => {
      replay.close();
    },
  };
}
