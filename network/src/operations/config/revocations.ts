import type { common } from '@hyperledger/fabric-protos';
import { msp } from '@hyperledger/fabric-protos';
import { APPLICATION, decodeWhole, findGroup, ORDERER, readValue, writeValue } from './config-tree.js';
import { ConfigurationError } from './config-tree.js';

/** The revocation lists of an organisation in force on the channel, PEM or DER each. */
export function revocationLists(channel: common.ConfigGroup, mspId: string): Buffer[] {
  const [group] = groupsOf(channel, mspId);
  if (group === undefined) throw new ConfigurationError(`${mspId} is not on the channel`);
  return fabricMsp(group)
    .settings.getRevocationListList_asU8()
    .map((list) => Buffer.from(list));
}

/**
 * Sets an organisation's revocation lists: changes `channel`. Its MSP stands in the Application and in the Orderer
 * group, and Fabric refuses two versions of one MSP, so both change.
 */
export function setRevocationLists(
  channel: common.ConfigGroup,
  mspId: string,
  lists: readonly Uint8Array[],
): void {
  const groups = groupsOf(channel, mspId);
  if (groups.length === 0) throw new ConfigurationError(`${mspId} is not on the channel`);
  for (const group of groups) {
    const { config, settings } = fabricMsp(group);
    settings.setRevocationListList([...lists]);
    config.setConfig(settings.serializeBinary());
    writeValue(group, 'MSP', config);
  }
}

function groupsOf(channel: common.ConfigGroup, mspId: string): common.ConfigGroup[] {
  return [APPLICATION, ORDERER].flatMap((name) => findGroup(channel, name, mspId) ?? []);
}

function fabricMsp(group: common.ConfigGroup): { config: msp.MSPConfig; settings: msp.FabricMSPConfig } {
  const config = readValue(group, 'MSP', msp.MSPConfig);
  return { config, settings: decodeWhole(config.getConfig_asU8(), msp.FabricMSPConfig, 'the MSP') };
}
