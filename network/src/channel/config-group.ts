import { common } from '@hyperledger/fabric-protos';

/** Every element of the first configuration is changed by the admins of its group. */
export const ADMINS = 'Admins';

interface Serialisable {
  serializeBinary(): Uint8Array;
}

/** A group of a channel's configuration, before it is written down. */
export interface GroupSpec {
  readonly values?: Readonly<Record<string, Serialisable>>;
  readonly policies: Readonly<Record<string, common.Policy>>;
  readonly groups?: Readonly<Record<string, GroupSpec>>;
}

/** common.ConfigGroup of version 0. The library writes maps in the order of their keys, so the bytes are stable. */
export function configGroup({ values = {}, policies, groups = {} }: GroupSpec): common.ConfigGroup {
  const group = new common.ConfigGroup();
  group.setModPolicy(ADMINS);
  for (const [name, message] of Object.entries(values)) {
    const value = new common.ConfigValue();
    value.setValue(message.serializeBinary());
    value.setModPolicy(ADMINS);
    group.getValuesMap().set(name, value);
  }
  for (const [name, content] of Object.entries(policies)) {
    const policy = new common.ConfigPolicy();
    policy.setPolicy(content);
    policy.setModPolicy(ADMINS);
    group.getPoliciesMap().set(name, policy);
  }
  for (const [name, spec] of Object.entries(groups)) group.getGroupsMap().set(name, configGroup(spec));
  return group;
}

export function capabilities(...names: readonly string[]): common.Capabilities {
  const message = new common.Capabilities();
  for (const name of names) message.getCapabilitiesMap().set(name, new common.Capability());
  return message;
}
