import { common } from '@hyperledger/fabric-protos';
import { ADMINS } from '../../channel/config-group.js';

/** A message of a configuration's value or policy. */
interface Message {
  serializeBinary(): Uint8Array;
}

interface MessageType<T extends Message> {
  deserializeBinary(bytes: Uint8Array): T;
}

/** The configuration, or what is to be changed in it, cannot be what was asked for. */
export class ConfigurationError extends Error {
  override readonly name = 'ConfigurationError';
}

export const APPLICATION = 'Application';
export const ORDERER = 'Orderer';

/** The group below /Channel at that path, such as `Orderer`, `RiversideMSP`; undefined when there is none. */
export function findGroup(
  channel: common.ConfigGroup,
  ...path: readonly string[]
): common.ConfigGroup | undefined {
  return path.reduce<common.ConfigGroup | undefined>(
    (group, name) => group?.getGroupsMap().get(name),
    channel,
  );
}

/** @throws ConfigurationError when there is none */
export function groupAt(channel: common.ConfigGroup, ...path: readonly string[]): common.ConfigGroup {
  const found = findGroup(channel, ...path);
  if (found === undefined) {
    throw new ConfigurationError(`the channel's configuration has no group /Channel/${path.join('/')}`);
  }
  return found;
}

/** MSP ids of the organisations in a group of the channel, in the order of their names. */
export function organisationsIn(channel: common.ConfigGroup, group: string): string[] {
  return namesIn(groupAt(channel, group).getGroupsMap());
}

export function namesIn(map: { keys(): Iterable<string> }): string[] {
  return [...map.keys()].sort();
}

/** @throws ConfigurationError when the value is missing or has parts that this version does not know */
export function readValue<T extends Message>(
  group: common.ConfigGroup,
  name: string,
  type: MessageType<T>,
): T {
  const bytes = group.getValuesMap().get(name)?.getValue_asU8();
  if (bytes === undefined) throw new ConfigurationError(`the channel's configuration has no value ${name}`);
  return decodeWhole(bytes, type, name);
}

export function writeValue(group: common.ConfigGroup, name: string, message: Message): void {
  const existing = group.getValuesMap().get(name);
  const value = existing ?? new common.ConfigValue();
  if (existing === undefined) value.setModPolicy(ADMINS);
  value.setValue(message.serializeBinary());
  group.getValuesMap().set(name, value);
}

export function writePolicy(group: common.ConfigGroup, name: string, content: common.Policy): void {
  const existing = group.getPoliciesMap().get(name);
  const policy = existing ?? new common.ConfigPolicy();
  if (existing === undefined) policy.setModPolicy(ADMINS);
  policy.setPolicy(content);
  group.getPoliciesMap().set(name, policy);
}

/**
 * Decodes what is going to be written again. A field of a later Fabric that this version does not know would be lost
 * on the way, so such a message is refused.
 */
export function decodeWhole<T extends Message>(bytes: Uint8Array, type: MessageType<T>, what: string): T {
  const message = type.deserializeBinary(bytes);
  if (!Buffer.from(message.serializeBinary()).equals(bytes)) {
    throw new ConfigurationError(
      `${what} in the channel's configuration has parts that this version cannot keep; change it with Fabric's own tools`,
    );
  }
  return message;
}

export function copyOf(group: common.ConfigGroup): common.ConfigGroup {
  return common.ConfigGroup.deserializeBinary(group.serializeBinary());
}
