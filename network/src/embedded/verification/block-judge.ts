import { isAuthorisedConfig } from '../config/authorised-config.js';
import { readChannelConfig } from '../config/channel-config.js';
import { LiveChannel } from '../config/live-channel.js';
import { Definitions } from '../lifecycle/definitions.js';
import { BlocksToLive } from '../state/block-to-live.js';
import { WorldState } from '../state/world-state.js';
import { openScratchDatabase } from '../store/database.js';
import { Spaces } from '../store/spaces.js';
import { StateTables } from '../store/state-tables.js';
import { ValidationCode } from '../validation/codes.js';
import { DefinedGovernance } from '../validation/governance.js';
import { Validator } from '../validation/validator.js';
import { dataHash, type Block } from '../../wire-format/index.js';

export interface BlockJudge {
  /**
   * Judges the block that comes next, and takes what is valid of it into the state.
   * @returns a protos.TxValidationCode for each envelope
   */
  block(number: number, envelopes: readonly Uint8Array[]): number[];
  close(): void;
}

/**
 * The committing peer's rules over the blocks of any Fabric channel, from the genesis block on, without a store: for
 * whoever has the blocks and wants to know whether their codes are right. The state lies in a scratch database.
 *
 * @param genesis common.Envelope of the genesis block's configuration
 */
export function judgeBlocks(genesis: Uint8Array): BlockJudge {
  const channel = new LiveChannel(readChannelConfig(blockOf(0, [Buffer.from(genesis)])), []);
  const database = openScratchDatabase();
  const spaces = new Spaces(database);
  const state = new WorldState(new StateTables(database), spaces, 0);
  const lives = new BlocksToLive();
  const known = new Set<string>();
  const definitions = new Definitions(state);
  const validator = new Validator(channel, state, new DefinedGovernance(channel, definitions), (txId) =>
    known.has(txId),
  );
  state.skipGenesis();
  return {
    block: (number, envelopes) => {
      const block = blockOf(
        number,
        envelopes.map((envelope) => Buffer.from(envelope)),
      );
      const { transactions, updates } = validator.judge(number, block.transactions);
      const all = lives.next(number, updates).updates;
      const before = state.before(all);
      database.exec('BEGIN');
      state.write(all);
      database.exec('COMMIT');
      state.advance(all, before);
      for (const { txId } of transactions) if (txId !== '') known.add(txId);
      const codes = transactions.map(({ code, configEnvelope }) =>
        configEnvelope === undefined || isAuthorised(channel, configEnvelope)
          ? code
          : ValidationCode.INVALID_CONFIG_TRANSACTION,
      );
      if (
        transactions.some(
          ({ configEnvelope }, index) => configEnvelope && codes[index] === ValidationCode.VALID,
        )
      ) {
        channel.update(readChannelConfig(block));
      }
      return codes;
    },
    close: () => {
      database.close();
    },
  };
}

/** A peer halts on a configuration that nobody authorised, so no code stands for it; this one is the nearest. */
function isAuthorised(channel: LiveChannel, configEnvelope: Uint8Array): boolean {
  const { channelId, config } = channel;
  const judge: LiveChannel['judge'] = (path, signed) => channel.judge(path, signed);
  return isAuthorisedConfig({ channelId, config: config.config, judge }, configEnvelope);
}

/** As much of a block as the rules look at. */
function blockOf(number: number, transactions: readonly Buffer[]): Block {
  const header = { number, previousHash: Buffer.alloc(0), dataHash: dataHash(transactions) };
  return { header, transactions: [...transactions], metadata: [] };
}
