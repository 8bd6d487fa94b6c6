import type { DatabaseSync } from 'node:sqlite';
import { dataHash, type Block } from '../../wire-format/index.js';
import { isAuthorisedConfig } from '../config/authorised-config.js';
import { readChannelConfig } from '../config/channel-config.js';
import { LiveChannel } from '../config/live-channel.js';
import type { KnownSignature } from '../msp/identity.js';
import { Definitions } from '../lifecycle/definitions.js';
import { BlocksToLive } from '../state/block-to-live.js';
import type { UpdateBatch } from '../state/update-batch.js';
import { WorldState } from '../state/world-state.js';
import { openScratchDatabase } from '../store/database.js';
import { Spaces } from '../store/spaces.js';
import { StateTables } from '../store/state-tables.js';
import { ValidationCode } from '../validation/codes.js';
import { DefinedGovernance } from '../validation/governance.js';
import { Validator } from '../validation/validator.js';

export interface ReplayedBlock {
  /** A protos.TxValidationCode for each transaction. */
  readonly codes: Buffer;
  /** What the valid transactions change. */
  readonly updates: UpdateBatch;
}

/**
 * The committing peer once more, with nothing but the transactions: every signature, policy and read is judged again, on
 * a state of its own in a scratch database.
 */
export class Replay {
  /** Its state and hashes, in the ledger's own tables. */
  readonly database: DatabaseSync;
  readonly #channel: LiveChannel;
  readonly #state: WorldState;
  readonly #lives = new BlocksToLive();
  readonly #known = new Set<string>();
  readonly #validator: Validator;

  /** @param genesis The one transaction of the genesis block. */
  constructor(genesis: Buffer) {
    this.#channel = new LiveChannel(readChannelConfig(blockOf(0, [genesis])), []);
    this.database = openScratchDatabase();
    this.#state = new WorldState(new StateTables(this.database), new Spaces(this.database), 0);
    const governance = new DefinedGovernance(this.#channel, new Definitions(this.#state));
    this.#validator = new Validator(this.#channel, this.#state, governance, (txId) => this.#known.has(txId));
    this.#state.skipGenesis();
  }

  /** Judges the block that comes next, and takes what is valid of it into the state. */
  block(number: number, envelopes: readonly Buffer[], isKnown?: KnownSignature): ReplayedBlock {
    const { transactions, updates } = this.#validator.judge(number, envelopes, isKnown);
    const all = this.#lives.next(number, updates).updates;
    const before = this.#state.before(all);
    this.database.exec('BEGIN');
    this.#state.write(all);
    this.database.exec('COMMIT');
    this.#state.advance(all, before);
    for (const { txId } of transactions) if (txId !== '') this.#known.add(txId);
    const codes = transactions.map(({ code, configEnvelope }) =>
      configEnvelope === undefined || this.#isAuthorised(configEnvelope)
        ? code
        : ValidationCode.INVALID_CONFIG_TRANSACTION,
    );
    if (
      transactions.some(
        ({ configEnvelope }, index) => configEnvelope && codes[index] === ValidationCode.VALID,
      )
    ) {
      this.#channel.update(readChannelConfig(blockOf(number, envelopes)));
    }
    return { codes: Buffer.from(codes), updates };
  }

  close(): void {
    this.database.close();
  }

  /** A peer halts on a configuration that nobody authorised, so no code stands for it; the one given is the nearest. */
  #isAuthorised(configEnvelope: Uint8Array): boolean {
    const { channelId, config } = this.#channel;
    const judge: LiveChannel['judge'] = (path, signed) => this.#channel.judge(path, signed);
    return isAuthorisedConfig({ channelId, config: config.config, judge }, configEnvelope);
  }
}

/** As much of a block as the rules look at. */
function blockOf(number: number, transactions: readonly Buffer[]): Block {
  const header = { number, previousHash: Buffer.alloc(0), dataHash: dataHash(transactions) };
  return { header, transactions: [...transactions], metadata: [] };
}
