import { common, msp, orderer, peer } from '@hyperledger/fabric-protos';
import { parseDuration } from './duration.js';

/*
 * What a configuration must be like, and what a next one may change of it [common/channelconfig]. The errors are
 * Fabric's, since the sender of an update reads them.
 */

interface Readable {
  deserializeBinary(bytes: Uint8Array): unknown;
}
type Values = Readonly<Record<string, Readable>>;

const CHANNEL_VALUES: Values = {
  HashingAlgorithm: common.HashingAlgorithm,
  BlockDataHashingStructure: common.BlockDataHashingStructure,
  OrdererAddresses: common.OrdererAddresses,
  Orderers: common.Orderers,
  Consortium: common.Consortium,
  Capabilities: common.Capabilities,
};
const ORDERER_VALUES: Values = {
  ConsensusType: orderer.ConsensusType,
  BatchSize: orderer.BatchSize,
  BatchTimeout: orderer.BatchTimeout,
  KafkaBrokers: orderer.KafkaBrokers,
  ChannelRestrictions: orderer.ChannelRestrictions,
  Orderers: common.Orderers,
  Capabilities: common.Capabilities,
};
const APPLICATION_VALUES: Values = { ACLs: peer.ACLs, Capabilities: common.Capabilities };

/** The capabilities that Fabric 3.1 knows [common/capabilities]. */
const CAPABILITIES = {
  Channel: ['V1_1', 'V1_3', 'V1_4_2', 'V1_4_3', 'V2_0', 'V3_0'],
  Orderer: ['V1_1', 'V1_4_2', 'V2_0'],
  Application: [
    'V1_1',
    'V1_2',
    'V1_3',
    'V1_4_2',
    'V2_0',
    'V2_5',
    'V1_1_PVTDATA_EXPERIMENTAL',
    'V1_1_RESOURCETREE_EXPERIMENTAL',
  ],
} as const;

/** @throws Error for values that are unknown, cannot be read, or say what cannot be. MSPs and policies are read elsewhere. */
export function checkGroups(channel: common.ConfigGroup): void {
  readValues(channel, CHANNEL_VALUES);
  const ordererGroup = channel.getGroupsMap().get('Orderer');
  const hasOrdererCapabilities = ordererGroup?.getValuesMap().has('Capabilities') ?? false;
  for (const [name, group] of [
    ['channel', channel] as const,
    ['application', groupIn(channel, 'Application')] as const,
  ]) {
    if (
      ordererGroup !== undefined &&
      !hasOrdererCapabilities &&
      group?.getValuesMap().has('Capabilities') === true
    ) {
      throw new Error(`cannot enable ${name} capabilities without orderer support first`);
    }
  }
  const algorithm = common.HashingAlgorithm.deserializeBinary(valueIn(channel, 'HashingAlgorithm')).getName();
  if (algorithm !== 'SHA256') throw new Error(`Unknown hashing algorithm type: ${algorithm}`);
  const capabilities = capabilitiesOf(channel);
  const isBft = capabilities.includes('V3_0');
  const ownEndpoints = ['V1_4_2', 'V1_4_3', 'V2_0', 'V3_0'].some((name) => capabilities.includes(name));
  const addresses = common.OrdererAddresses.deserializeBinary(valueIn(channel, 'OrdererAddresses'));
  if (!ownEndpoints && addresses.getAddressesList().length === 0) {
    throw new Error('initializing channelconfig failed: Must set some OrdererAddresses');
  }
  if (isBft && addresses.getAddressesList().length > 0) {
    throw new Error(
      'global OrdererAddresses are not allowed with V3_0 capability, use org specific addresses only',
    );
  }
  for (const [name, group] of channel.getGroupsMap().entries()) {
    if (name === 'Application')
      explained(name, () => {
        checkApplication(group);
      });
    else if (name === 'Orderer')
      explained(name, () => {
        checkOrderer(group, isBft);
      });
    else throw new Error(`Disallowed channel group: ${name}`);
  }
}

/**
 * What one configuration may not change of another, and what this version does not support. A capability of the
 * application is refused here too: Fabric's orderers take it, and peers that do not know it stop.
 * @throws Error
 */
export function checkSuccessor(current: common.Config, next: common.Config): void {
  const root = next.getChannelGroup();
  for (const [type, group] of [
    ['Orderer', ordererOf(next)],
    ['Channel', root],
    ['Application', groupIn(root, 'Application')],
  ] as const) {
    const unknown = capabilitiesOf(group).find((name) => !CAPABILITIES[type].some((known) => known === name));
    if (unknown !== undefined) {
      throw new Error(
        `config update is not compatible: config requires unsupported ${type.toLowerCase()} capabilities: ` +
          `${type} capability ${unknown} is required but not supported`,
      );
    }
  }
  for (const section of ['Orderer', 'Application'] as const) {
    const after = mspIdsIn(next, section);
    for (const [name, mspId] of mspIdsIn(current, section)) {
      const other = after.get(name);
      if (other === undefined || other === mspId) continue;
      throw new Error(
        `${section.toLowerCase()} org ${name} attempted to change MSP ID from ${mspId} to ${other}`,
      );
    }
  }
  checkConsensus(current, next);
}

/** One orderer, for good: it cannot hand over to others [orderer/common/msgprocessor/maintenancefilter.go]. */
function checkConsensus(current: common.Config, next: common.Config): void {
  const type = (config: common.Config): orderer.ConsensusType =>
    orderer.ConsensusType.deserializeBinary(valueIn(ordererOf(config), 'ConsensusType'));
  const [now, then] = [type(current), type(next)];
  if (now.getType() !== then.getType()) {
    throw new Error(
      `attempted to change consensus type from ${now.getType()} to ${then.getType()}, but current config ConsensusType.State is not in maintenance mode`,
    );
  }
  if (now.getState() !== then.getState()) {
    throw new Error('the embedded ledger has one orderer, and no maintenance mode');
  }
  const consenters = orderer.etcdraft.ConfigMetadata.deserializeBinary(
    then.getMetadata_asU8(),
  ).getConsentersList();
  if (then.getType() === 'etcdraft' && consenters.length !== 1) {
    throw new Error('the embedded ledger has one orderer: others cannot be added, nor can it be removed');
  }
}

function checkApplication(group: common.ConfigGroup): void {
  readValues(group, APPLICATION_VALUES);
  for (const [, organisation] of group.getGroupsMap().entries()) {
    if (organisation.getGroupsMap().getLength() > 0) {
      throw new Error('ApplicationOrg config does not allow sub-groups');
    }
    readValues(organisation, { MSP: common.ConfigValue, AnchorPeers: peer.AnchorPeers });
  }
}

function checkOrderer(group: common.ConfigGroup, isBft: boolean): void {
  readValues(group, ORDERER_VALUES);
  const size = orderer.BatchSize.deserializeBinary(valueIn(group, 'BatchSize'));
  const invalid = (what: string): Error =>
    new Error(`Attempted to set the batch size ${what} to an invalid value: 0`);
  if (size.getMaxMessageCount() === 0) throw invalid('max message count');
  if (size.getAbsoluteMaxBytes() === 0) throw invalid('absolute max bytes');
  if (size.getPreferredMaxBytes() === 0) throw invalid('preferred max bytes');
  if (size.getPreferredMaxBytes() > size.getAbsoluteMaxBytes()) {
    throw new Error(
      `Attempted to set the batch size preferred max bytes (${size.getPreferredMaxBytes()}) greater than the absolute max bytes (${size.getAbsoluteMaxBytes()}).`,
    );
  }
  checkTimeout(orderer.BatchTimeout.deserializeBinary(valueIn(group, 'BatchTimeout')).getTimeout());
  const withoutEndpoints: string[] = [];
  for (const [name, organisation] of group.getGroupsMap().entries()) {
    if (organisation.getGroupsMap().getLength() > 0) {
      throw new Error('OrdererOrg config does not allow sub-groups');
    }
    readValues(organisation, { MSP: common.ConfigValue, Endpoints: common.OrdererAddresses });
    const endpoints = common.OrdererAddresses.deserializeBinary(valueIn(organisation, 'Endpoints'));
    if (endpoints.getAddressesList().length === 0) withoutEndpoints.push(name);
  }
  if (isBft && withoutEndpoints.length > 0) {
    throw new Error(`some orderer organizations endpoints are empty: [${withoutEndpoints.join(' ')}]`);
  }
}

function checkTimeout(timeout: string): void {
  let milliseconds: number;
  try {
    milliseconds = parseDuration(timeout);
  } catch (error) {
    throw new Error(
      `Attempted to set the batch timeout to a invalid value: time: invalid duration "${timeout}"`,
      { cause: error },
    );
  }
  if (milliseconds <= 0) {
    throw new Error(`Attempted to set the batch timeout to a non-positive value: ${timeout}`);
  }
}

/** An MSP is only looked for here; it is set up where the organisations are read. */
function readValues(group: common.ConfigGroup, known: Values): void {
  for (const [key, value] of group.getValuesMap().entries()) {
    const type = known[key];
    if (type === undefined) throw new Error(`failed to deserialize values: Unexpected key ${key}`);
    if (key !== 'MSP') type.deserializeBinary(value.getValue_asU8());
  }
}

function explained(section: string, step: () => void): void {
  try {
    step();
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new Error(
      `initializing channelconfig failed: could not create channel ${section} sub-group config: ${reason}`,
      {
        cause: error,
      },
    );
  }
}

function groupIn(group: common.ConfigGroup | undefined, name: string): common.ConfigGroup | undefined {
  return group?.getGroupsMap().get(name);
}

function valueIn(group: common.ConfigGroup | undefined, name: string): Uint8Array {
  return group?.getValuesMap().get(name)?.getValue_asU8() ?? new Uint8Array();
}

function capabilitiesOf(group: common.ConfigGroup | undefined): string[] {
  const capabilities = common.Capabilities.deserializeBinary(valueIn(group, 'Capabilities'));
  return [...capabilities.getCapabilitiesMap().keys()];
}

function ordererOf(config: common.Config): common.ConfigGroup | undefined {
  return groupIn(config.getChannelGroup(), 'Orderer');
}

/** MSP id by the organisation's name in the configuration. */
function mspIdsIn(config: common.Config, section: string): Map<string, string> {
  const group = groupIn(config.getChannelGroup(), section);
  return new Map(
    Array.from(group?.getGroupsMap().entries() ?? [], ([name, organisation]) => [
      name,
      mspIdOf(valueIn(organisation, 'MSP')),
    ]),
  );
}

function mspIdOf(value: Uint8Array): string {
  const config = msp.MSPConfig.deserializeBinary(value).getConfig_asU8();
  return msp.FabricMSPConfig.deserializeBinary(config).getName();
}
