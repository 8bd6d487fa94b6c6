import { common, orderer } from '@hyperledger/fabric-protos';
import { bftBlockValidation, type Consenter } from '../../channel/consensus.js';
import { signaturePolicy } from '../../channel/policies.js';
import {
  ConfigurationError,
  decodeWhole,
  groupAt,
  ORDERER,
  readValue,
  writePolicy,
  writeValue,
} from './config-tree.js';

/*
 * The orderers that make blocks, as the configuration knows them. BFT keeps them in /Channel/Orderer's value Orderers,
 * and insists that the policy BlockValidation, which holds their certificates too, is rebuilt in the same update
 * (orderer/consensus/smartbft/configverifier.go). Raft keeps them in the metadata of ConsensusType.
 */

/** Where others reach an orderer: what a consenter is told by. */
export interface ConsenterAddress {
  readonly host: string;
  readonly port: number;
}

/** Raft knows no organisation and no signing certificate of an orderer. */
interface ConfiguredConsenter extends ConsenterAddress {
  /** BFT only: what orderers call it among themselves. */
  readonly id?: number;
  readonly mspId?: string;
  readonly identityPem?: string;
  readonly tlsPem: string;
  readonly clientTlsPem: string;
}

export type OrderingType = 'bft' | 'raft';

/** @throws ConfigurationError for any other kind of ordering */
export function orderingTypeOf(channel: common.ConfigGroup): OrderingType {
  const type = readValue(groupAt(channel, ORDERER), 'ConsensusType', orderer.ConsensusType).getType();
  if (type === 'BFT') return 'bft';
  if (type === 'etcdraft') return 'raft';
  throw new ConfigurationError(`the channel is ordered by ${JSON.stringify(type)}, which is not known here`);
}

/** All orderers that make blocks, in the configuration's order. */
export function consentersOf(channel: common.ConfigGroup): ConfiguredConsenter[] {
  if (orderingTypeOf(channel) === 'raft') {
    return raftMetadata(channel)
      .metadata.getConsentersList()
      .map((consenter) => ({
        ...addressOf(consenter),
        clientTlsPem: Buffer.from(consenter.getClientTlsCert_asU8()).toString(),
        tlsPem: Buffer.from(consenter.getServerTlsCert_asU8()).toString(),
      }));
  }
  return bftMapping(channel)
    .getConsenterMappingList()
    .map((consenter) => ({
      ...addressOf(consenter),
      id: consenter.getId(),
      mspId: consenter.getMspId(),
      identityPem: Buffer.from(consenter.getIdentity_asU8()).toString(),
      clientTlsPem: Buffer.from(consenter.getClientTlsCert_asU8()).toString(),
      tlsPem: Buffer.from(consenter.getServerTlsCert_asU8()).toString(),
    }));
}

export function isConsenter(channel: common.ConfigGroup, address: ConsenterAddress): boolean {
  return consentersOf(channel).some((consenter) => isAt(consenter, address));
}

/** Whether the configuration knows the orderer at that address by these certificates. */
export function knowsConsenter(channel: common.ConfigGroup, wanted: Consenter): boolean {
  return consentersOf(channel).some(
    (consenter) =>
      isAt(consenter, wanted) &&
      consenter.tlsPem === wanted.tlsPem &&
      consenter.clientTlsPem === wanted.tlsPem &&
      (consenter.identityPem === undefined || consenter.identityPem === wanted.identityPem),
  );
}

/** Writes an orderer's certificates, or adds the orderer: changes `channel`. */
export function putConsenter(channel: common.ConfigGroup, wanted: Consenter): void {
  if (orderingTypeOf(channel) === 'raft') {
    const { type, metadata } = raftMetadata(channel);
    const list = metadata.getConsentersList();
    const existing = list.find((consenter) => isAt(addressOf(consenter), wanted));
    const consenter = existing ?? new orderer.etcdraft.Consenter();
    consenter.setHost(wanted.host);
    consenter.setPort(wanted.port);
    consenter.setClientTlsCert(Buffer.from(wanted.tlsPem));
    consenter.setServerTlsCert(Buffer.from(wanted.tlsPem));
    metadata.setConsentersList(existing === undefined ? [...list, consenter] : list);
    writeRaft(channel, type, metadata);
    return;
  }
  const mapping = bftMapping(channel);
  const list = mapping.getConsenterMappingList();
  const existing = list.find((consenter) => isAt(addressOf(consenter), wanted));
  const consenter = existing ?? new common.Consenter();
  // Ids are never used again, so that nobody takes a newcomer for one who left.
  if (existing === undefined) consenter.setId(Math.max(0, ...list.map((each) => each.getId())) + 1);
  consenter.setHost(wanted.host);
  consenter.setPort(wanted.port);
  consenter.setMspId(wanted.mspId);
  consenter.setIdentity(Buffer.from(wanted.identityPem));
  consenter.setClientTlsCert(Buffer.from(wanted.tlsPem));
  consenter.setServerTlsCert(Buffer.from(wanted.tlsPem));
  mapping.setConsenterMappingList(existing === undefined ? [...list, consenter] : list);
  writeBft(channel, mapping);
}

/** Takes an orderer out: changes `channel`. Nothing when it is not there. */
export function removeConsenter(channel: common.ConfigGroup, address: ConsenterAddress): void {
  if (!isConsenter(channel, address)) return;
  if (orderingTypeOf(channel) === 'raft') {
    const { type, metadata } = raftMetadata(channel);
    const left = metadata.getConsentersList().filter((each) => !isAt(addressOf(each), address));
    metadata.setConsentersList(left);
    writeRaft(channel, type, metadata);
    return;
  }
  const mapping = bftMapping(channel);
  mapping.setConsenterMappingList(
    mapping.getConsenterMappingList().filter((each) => !isAt(addressOf(each), address)),
  );
  writeBft(channel, mapping);
}

/**
 * The elements of /Channel/Orderer of which the list of orderers says everything: what differs in them besides the list,
 * or does not follow from it, is another change.
 */
export function consenterElements(before: common.ConfigGroup, after: common.ConfigGroup): string[] {
  if (orderingTypeOf(after) === 'raft') {
    const withoutList = (channel: common.ConfigGroup): Buffer => {
      const { type, metadata } = raftMetadata(channel);
      metadata.setConsentersList([]);
      type.setMetadata(metadata.serializeBinary());
      return Buffer.from(type.serializeBinary());
    };
    return withoutList(before).equals(withoutList(after)) ? ['ConsensusType'] : [];
  }
  const policy = groupAt(after, ORDERER)
    .getPoliciesMap()
    .get('BlockValidation')
    ?.getPolicy()
    ?.serializeBinary();
  const follows = Buffer.from(policy ?? []).equals(blockValidation(bftMapping(after)).serializeBinary());
  return follows ? ['Orderers', 'BlockValidation'] : ['Orderers'];
}

/** How many orderers may fail, or lie under BFT, before ordering stops. */
export function toleratedFaults(type: OrderingType, consenters: number): number {
  return Math.max(0, Math.floor((consenters - 1) / (type === 'bft' ? 3 : 2)));
}

function bftMapping(channel: common.ConfigGroup): common.Orderers {
  return readValue(groupAt(channel, ORDERER), 'Orderers', common.Orderers);
}

function writeBft(channel: common.ConfigGroup, mapping: common.Orderers): void {
  const group = groupAt(channel, ORDERER);
  writeValue(group, 'Orderers', mapping);
  writePolicy(group, 'BlockValidation', blockValidation(mapping));
}

function blockValidation(mapping: common.Orderers): common.Policy {
  const nodes = mapping.getConsenterMappingList().map((consenter) => ({
    mspId: consenter.getMspId(),
    identityPem: Buffer.from(consenter.getIdentity_asU8()).toString(),
  }));
  return signaturePolicy(bftBlockValidation(nodes));
}

function raftMetadata(channel: common.ConfigGroup): {
  type: orderer.ConsensusType;
  metadata: orderer.etcdraft.ConfigMetadata;
} {
  const type = readValue(groupAt(channel, ORDERER), 'ConsensusType', orderer.ConsensusType);
  const what = 'the metadata of ConsensusType';
  return { type, metadata: decodeWhole(type.getMetadata_asU8(), orderer.etcdraft.ConfigMetadata, what) };
}

function writeRaft(
  channel: common.ConfigGroup,
  type: orderer.ConsensusType,
  metadata: orderer.etcdraft.ConfigMetadata,
): void {
  type.setMetadata(metadata.serializeBinary());
  writeValue(groupAt(channel, ORDERER), 'ConsensusType', type);
}

function addressOf(consenter: { getHost(): string; getPort(): number }): ConsenterAddress {
  return { host: consenter.getHost(), port: consenter.getPort() };
}

function isAt(one: ConsenterAddress, other: ConsenterAddress): boolean {
  return one.host === other.host && one.port === other.port;
}
