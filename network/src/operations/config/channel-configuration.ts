import { common } from '@hyperledger/fabric-protos';
import { readChannelConfig, type ChannelConfig } from '../../embedded/config/channel-config.js';
import {
  readBlock,
  readChannelHeader,
  readEnvelope,
  readPayload,
  type Block,
} from '../../wire-format/index.js';
import { ConfigurationError } from './config-tree.js';

/** The configuration that a block of the ledger carries. */
export interface ChannelConfiguration {
  readonly channel: string;
  /** Counts the configurations of the channel, from 0. */
  readonly sequence: number;
  /** Number of the block. */
  readonly blockNumber: number;
  /** /Channel; not to be changed, take a copy. */
  readonly group: common.ConfigGroup;
  /** Its identities and policies, as a peer judges by them. */
  readonly judged: ChannelConfig;
}

/** @throws ConfigurationError when the block carries no configuration */
export function configurationIn(blockBytes: Uint8Array): ChannelConfiguration {
  const block = readBlock(blockBytes);
  const config = configOf(block);
  const group = config?.getChannelGroup();
  if (config === undefined || group === undefined) {
    throw new ConfigurationError(`block ${block.header.number} carries no configuration of a channel`);
  }
  const judged = readChannelConfig(block);
  return {
    channel: judged.channelId,
    sequence: config.getSequence(),
    blockNumber: block.header.number,
    group,
    judged,
  };
}

function configOf(block: Block): common.Config | undefined {
  const [first] = block.transactions;
  if (first === undefined) return undefined;
  const payload = readPayload(readEnvelope(first).payload);
  if (payload.header === undefined) return undefined;
  if (readChannelHeader(payload.header.channelHeader).type !== common.HeaderType.CONFIG) return undefined;
  return common.ConfigEnvelope.deserializeBinary(payload.data).getConfig();
}
