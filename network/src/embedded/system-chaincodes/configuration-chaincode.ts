import { common, peer } from '@hyperledger/fabric-protos';
import {
  lastConfigIndex,
  readBlock,
  readChannelHeader,
  readEnvelope,
  readPayload,
} from '../../wire-format/index.js';
import type { ChaincodeResponse } from '../chaincode-stream/chaincode-response.js';
import { describeError } from '../chaincode-stream/errors.js';
import type { Ledger } from '../ports.js';
import type { Access } from './access.js';
import { failure, success, type SystemChaincode } from './system-chaincode.js';

/** `cscc`: the channels of a peer and their configuration [core/scc/cscc/configure.go]. */
export function configurationChaincode(ledger: Ledger, access: Access): SystemChaincode {
  const guarded = (what: string, check: () => void, answer: () => ChaincodeResponse): ChaincodeResponse => {
    try {
      check();
    } catch (error) {
      return failure(`access denied for ${what}: ${describeError(error)}`);
    }
    return answer();
  };
  return ({ args, proposal }) => {
    const [call, argument] = args;
    const name = call?.toString('utf8') ?? '';
    if (
      call === undefined ||
      (argument === undefined && !['GetChannels', 'JoinBySnapshotStatus'].includes(name))
    ) {
      return failure(`Incorrect number of arguments, ${args.length}`);
    }
    const channel = argument?.toString('utf8') ?? '';
    switch (name) {
      case 'GetChannels':
        return guarded(
          '[GetChannels]',
          () => {
            access.requireOwn('Members', proposal);
          },
          () => success(channels(ledger)),
        );
      case 'GetConfigBlock':
      case 'GetChannelConfig':
        return guarded(
          `[${name}][${channel}]`,
          () => {
            access.requireOnChannel(`cscc/${name}`, channel, 'Readers', proposal);
          },
          () => success(name === 'GetConfigBlock' ? configBlock(ledger) : configOf(configBlock(ledger))),
        );
      case 'JoinChain':
        return guarded(
          `[JoinChain][${channelOf(argument)}]`,
          () => {
            access.requireOwn('Admins', proposal);
          },
          () => failure(whyNotJoined(ledger, channelOf(argument))),
        );
      default:
        return failure(`Requested function ${name} not found.`);
    }
  };
}

function channels(ledger: Ledger): Uint8Array {
  const info = new peer.ChannelInfo();
  info.setChannelId(ledger.channel.channelId);
  const response = new peer.ChannelQueryResponse();
  response.setChannelsList([info]);
  return response.serializeBinary();
}

function configBlock(ledger: Ledger): Buffer {
  const newest = ledger.block(ledger.height - 1);
  const block = newest === undefined ? undefined : ledger.block(lastConfigIndex(readBlock(newest)));
  if (block === undefined) throw new Error('the configuration block is missing');
  return block;
}

function configOf(block: Buffer): Uint8Array {
  const { data } = readPayload(readEnvelope(readBlock(block).transactions[0] ?? Buffer.alloc(0)).payload);
  return common.ConfigEnvelope.deserializeBinary(data).getConfig()?.serializeBinary() ?? new Uint8Array();
}

function channelOf(block: Buffer | undefined): string {
  try {
    const [first = Buffer.alloc(0)] = readBlock(block ?? Buffer.alloc(0)).transactions;
    const { header } = readPayload(readEnvelope(first).payload);
    return header === undefined ? '' : readChannelHeader(header.channelHeader).channelId;
  } catch {
    return ''; // It is no block: the name is for a message only.
  }
}

/** Every peer of the embedded ledger has joined its one channel from the beginning. */
function whyNotJoined(ledger: Ledger, channelId: string): string {
  return channelId === ledger.channel.channelId
    ? `cannot create ledger from genesis block: ledger [${channelId}] already exists with state [ACTIVE]`
    : `the embedded ledger has one channel, ${ledger.channel.channelId}, and cannot join '${channelId}'`;
}
