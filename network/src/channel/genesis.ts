import { common } from '@hyperledger/fabric-protos';
import timestamps from 'google-protobuf/google/protobuf/timestamp_pb.js';
import { randomBytes } from 'node:crypto';
import type { OrganisationMaterial } from '../identities/index.js';
import type { PortPlan, Topology } from '../topology/index.js';
import {
  dataHash,
  encodeBlock,
  encodeMetadata,
  headerHash,
  readBlock,
  transactionId,
} from '../wire-format/index.js';
import { channelGroup } from './channel-group.js';
import { configGroup } from './config-group.js';

/** What makes one genesis block differ from another of the same consortium. */
export interface GenesisSeed {
  /** 24 bytes. */
  readonly nonce: Uint8Array;
  /** Whole seconds since the epoch. */
  readonly seconds: number;
}

export function freshSeed(now: Date): GenesisSeed {
  return { nonce: randomBytes(24), seconds: Math.floor(now.getTime() / 1_000) };
}

/**
 * Block 0 of the channel, the same bytes for the same input (common/genesis/genesis.go). Returns common.Block,
 * serialised. Nobody signs it: whoever joins a channel has to know its genesis block by other means.
 */
export function genesisBlock(
  topology: Topology,
  plan: PortPlan,
  material: readonly OrganisationMaterial[],
  seed: GenesisSeed,
): Buffer {
  const envelope = configEnvelope(topology, plan, material, seed);
  const lastConfig = new common.OrdererBlockMetadata();
  lastConfig.setLastConfig(new common.LastConfig());
  const empty = Buffer.alloc(0);
  return encodeBlock({
    header: { number: 0, previousHash: empty, dataHash: dataHash([envelope]) },
    transactions: [envelope],
    // SIGNATURES, then LAST_CONFIG (index 0 is written as nothing) and what peers fill in.
    metadata: [encodeMetadata(lastConfig.serializeBinary()), empty, empty, empty, empty],
  });
}

function configEnvelope(
  topology: Topology,
  plan: PortPlan,
  material: readonly OrganisationMaterial[],
  { nonce, seconds }: GenesisSeed,
): Buffer {
  const timestamp = new timestamps.Timestamp();
  timestamp.setSeconds(seconds);
  const channelHeader = new common.ChannelHeader();
  channelHeader.setType(common.HeaderType.CONFIG);
  channelHeader.setVersion(1);
  channelHeader.setTimestamp(timestamp);
  channelHeader.setChannelId(topology.channel);
  // The id of a transaction is the hash of its nonce and its creator; this one has no creator.
  channelHeader.setTxId(transactionId(nonce, Buffer.alloc(0)));
  const signatureHeader = new common.SignatureHeader();
  signatureHeader.setNonce(nonce);

  const header = new common.Header();
  header.setChannelHeader(channelHeader.serializeBinary());
  header.setSignatureHeader(signatureHeader.serializeBinary());
  const config = new common.Config();
  config.setChannelGroup(configGroup(channelGroup(topology, plan, material)));
  const configuration = new common.ConfigEnvelope();
  configuration.setConfig(config);
  const payload = new common.Payload();
  payload.setHeader(header);
  payload.setData(configuration.serializeBinary());
  const envelope = new common.Envelope();
  envelope.setPayload(payload.serializeBinary());
  return Buffer.from(envelope.serializeBinary());
}

/** The ledger's id: lower-case hex SHA-256 of the genesis block's header in DER (protoutil/blockutils.go). */
export function ledgerId(genesis: Uint8Array): string {
  return headerHash(readBlock(genesis).header).toString('hex');
}
