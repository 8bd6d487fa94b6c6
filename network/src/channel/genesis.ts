import { common } from '@hyperledger/fabric-protos';
import timestamps from 'google-protobuf/google/protobuf/timestamp_pb.js';
import { createHash, randomBytes } from 'node:crypto';
import type { OrganisationMaterial } from '../identities/index.js';
import type { PortPlan, Topology } from '../topology/index.js';
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
  const data = new common.BlockData();
  data.setDataList([envelope]);
  const header = new common.BlockHeader();
  header.setDataHash(createHash('sha256').update(envelope).digest());

  const ordererMetadata = new common.OrdererBlockMetadata();
  ordererMetadata.setLastConfig(new common.LastConfig());
  const signatures = new common.Metadata();
  signatures.setValue(ordererMetadata.serializeBinary());
  const metadata = new common.BlockMetadata();
  // SIGNATURES, then LAST_CONFIG (index 0 is written as nothing) and what peers fill in.
  const empty = new Uint8Array();
  metadata.setMetadataList([signatures.serializeBinary(), empty, empty, empty, empty]);

  const block = new common.Block();
  block.setHeader(header);
  block.setData(data);
  block.setMetadata(metadata);
  return Buffer.from(block.serializeBinary());
}

function configEnvelope(
  topology: Topology,
  plan: PortPlan,
  material: readonly OrganisationMaterial[],
  { nonce, seconds }: GenesisSeed,
): Uint8Array {
  const timestamp = new timestamps.Timestamp();
  timestamp.setSeconds(seconds);
  const channelHeader = new common.ChannelHeader();
  channelHeader.setType(common.HeaderType.CONFIG);
  channelHeader.setVersion(1);
  channelHeader.setTimestamp(timestamp);
  channelHeader.setChannelId(topology.channel);
  // The id of a transaction is the hash of its nonce and its creator; this one has no creator.
  channelHeader.setTxId(createHash('sha256').update(nonce).digest('hex'));
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
  return envelope.serializeBinary();
}

/** The ledger's id: lower-case hex SHA-256 of the genesis block's header in DER (protoutil/blockutils.go). */
export function ledgerId(genesis: Uint8Array): string {
  const dataHash = common.Block.deserializeBinary(genesis).getHeader()?.getDataHash_asU8();
  if (dataHash?.length !== 32) throw new RangeError('the genesis block has no header with a data hash');
  // SEQUENCE { INTEGER 0, OCTET STRING of the (empty) previous hash, OCTET STRING of the data hash }
  const der = Buffer.concat([Buffer.from([0x30, 39, 0x02, 1, 0, 0x04, 0, 0x04, 32]), dataHash]);
  return createHash('sha256').update(der).digest('hex');
}
