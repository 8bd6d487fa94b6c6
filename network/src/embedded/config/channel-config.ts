import { common, msp as mspProtos, orderer, peer } from '@hyperledger/fabric-protos';
import { readChannelHeader, readEnvelope, readPayload, type Block } from '../../wire-format/index.js';
import { Msp } from '../msp/msp.js';
import { MspManager } from '../msp/msp-manager.js';
import { PolicyTree } from '../policy/policy-tree.js';
import { checkGroups } from './config-rules.js';
import { parseDuration } from './duration.js';

export interface BatchSettings {
  readonly maxMessageCount: number;
  readonly absoluteMaxBytes: number;
  readonly preferredMaxBytes: number;
  /** Milliseconds after the first message of a batch. */
  readonly timeout: number;
}

/** A configuration of the channel, read from the block that carries it. */
export interface ChannelConfig {
  readonly channelId: string;
  readonly sequence: number;
  /** As the block holds it; not to be changed. */
  readonly config: common.Config;
  /** Group name (as in policy paths) by MSP id. */
  readonly applicationOrganizations: ReadonlyMap<string, string>;
  readonly ordererMspIds: ReadonlySet<string>;
  readonly msps: MspManager;
  readonly policies: PolicyTree;
  readonly batch: BatchSettings;
  /** Policy by resource, where the configuration names another one than Fabric's default. */
  readonly acls: ReadonlyMap<string, string>;
}

/** @throws Error when the block holds no configuration, or one that no peer would accept. */
export function readChannelConfig(block: Block): ChannelConfig {
  const first = block.transactions[0];
  if (first === undefined) throw new Error('the configuration block holds no transaction');
  const payload = readPayload(readEnvelope(first).payload);
  if (payload.header === undefined) throw new Error('the configuration block holds no header');
  const { channelId } = readChannelHeader(payload.header.channelHeader);
  const config = common.ConfigEnvelope.deserializeBinary(payload.data).getConfig();
  if (config === undefined) throw new Error('the block holds no channel configuration');
  return channelConfigOf(channelId, config);
}

/** @throws Error in Fabric's words when no peer would accept the configuration [common/channelconfig/bundle.go]. */
export function channelConfigOf(channelId: string, config: common.Config): ChannelConfig {
  const root = config.getChannelGroup();
  if (root === undefined) throw new Error('config must contain a channel group');
  const application = root.getGroupsMap().get('Application');
  const ordererGroup = root.getGroupsMap().get('Orderer');
  if (application === undefined || ordererGroup === undefined) {
    throw new Error('the channel configuration lacks its Application or Orderer group');
  }
  checkGroups(root);
  const msps = new MspsByConfig();
  const applicationOrganizations = new Map<string, string>();
  for (const [name, group] of application.getGroupsMap().entries()) {
    applicationOrganizations.set(msps.add(name, group), name);
  }
  const ordererMspIds = new Set<string>();
  for (const [name, group] of ordererGroup.getGroupsMap().entries()) ordererMspIds.add(msps.add(name, group));
  return {
    channelId,
    sequence: config.getSequence(),
    config,
    applicationOrganizations,
    ordererMspIds,
    msps: new MspManager(msps.all()),
    policies: new PolicyTree(root),
    batch: readBatchSettings(ordererGroup),
    acls: readAcls(application),
  };
}

/** An organisation may stand in both groups, but only with the same definition [common/channelconfig/msp.go]. */
class MspsByConfig {
  readonly #known = new Map<string, { msp: Msp; config: Buffer }>();

  add(name: string, group: common.ConfigGroup): string {
    const value = group.getValuesMap().get('MSP')?.getValue_asU8();
    if (value === undefined) throw new Error(`organisation ${name} has no MSP in the channel configuration`);
    const config = Buffer.from(mspProtos.MSPConfig.deserializeBinary(value).getConfig_asU8());
    const msp = new Msp(config);
    if (msp.mspId === '') throw new Error(`MSP for org ${name} has empty MSP ID`);
    const known = this.#known.get(msp.mspId);
    if (known !== undefined && !known.config.equals(config)) {
      throw new Error(`Attempted to define two different versions of MSP: ${msp.mspId}`);
    }
    if (known === undefined) this.#known.set(msp.mspId, { msp, config });
    return msp.mspId;
  }

  *all(): Generator<Msp> {
    for (const { msp } of this.#known.values()) yield msp;
  }
}

function readBatchSettings(group: common.ConfigGroup): BatchSettings {
  const size = group.getValuesMap().get('BatchSize')?.getValue_asU8();
  const timeout = group.getValuesMap().get('BatchTimeout')?.getValue_asU8();
  if (size === undefined || timeout === undefined) {
    throw new Error('the channel configuration lacks BatchSize or BatchTimeout');
  }
  const batchSize = orderer.BatchSize.deserializeBinary(size);
  return {
    maxMessageCount: batchSize.getMaxMessageCount(),
    absoluteMaxBytes: batchSize.getAbsoluteMaxBytes(),
    preferredMaxBytes: batchSize.getPreferredMaxBytes(),
    timeout: parseDuration(orderer.BatchTimeout.deserializeBinary(timeout).getTimeout()),
  };
}

/** A policy without a path stands below /Channel/Application [common/channelconfig/acls.go]. */
function readAcls(application: common.ConfigGroup): ReadonlyMap<string, string> {
  const value = application.getValuesMap().get('ACLs')?.getValue_asU8() ?? new Uint8Array();
  const entries = [...peer.ACLs.deserializeBinary(value).getAclsMap().entries()];
  return new Map(
    entries.flatMap(([resource, api]) => {
      const policy = api.getPolicyRef();
      if (policy === '') return [];
      return [[resource, policy.startsWith('/') ? policy : `/Channel/Application/${policy}`]];
    }),
  );
}
