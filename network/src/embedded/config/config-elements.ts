import { common } from '@hyperledger/fabric-protos';

const ROOT = 'Channel';
const CONFIG_ID = /^[a-zA-Z0-9.-]{1,249}$/;

export type ElementKind = 'Group' | 'Value' | 'Policy';
type Message = common.ConfigGroup | common.ConfigValue | common.ConfigPolicy;

/** One element of a configuration, with the groups that lead to it. */
export interface ConfigElement {
  readonly kind: ElementKind;
  /** Such as `[Value]  /Channel/Orderer/BatchSize`: how Fabric names it in errors. */
  readonly name: string;
  /** Of the group that it is in, or of the group itself: `/Channel/Orderer`. */
  readonly group: string;
  readonly message: Message;
}

export type ConfigElements = ReadonlyMap<string, ConfigElement>;

/**
 * All elements of a configuration by name [common/configtx/configmap.go].
 * @throws Error for a name that no configuration may have.
 */
export function elementsOf(channel: common.ConfigGroup | undefined): ConfigElements {
  const elements = new Map<string, ConfigElement>();
  if (channel !== undefined) addGroup(elements, `/${ROOT}`, channel);
  return elements;
}

/** @throws Error when a group names a member that is not there. */
export function groupOf(elements: ConfigElements): common.ConfigGroup {
  return assemble(elements, `/${ROOT}`);
}

export function checkConfigId(id: string): void {
  if (id === '') throw new Error('config ID illegal, cannot be empty');
  if (id.length > 249) throw new Error('config ID illegal, cannot be longer than 249');
  if (id === '.' || id === '..') throw new Error(`name '${id}' for config ID is not allowed`);
  if (!CONFIG_ID.test(id)) throw new Error(`config ID '${id}' contains illegal characters`);
}

function nameOf(kind: ElementKind, path: string): string {
  return `${`[${kind}]`.padEnd(9)}${path}`;
}

function addGroup(elements: Map<string, ConfigElement>, path: string, group: common.ConfigGroup): void {
  const add = (kind: ElementKind, key: string, message: Message, inGroup: string): void => {
    try {
      checkConfigId(key);
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      throw new Error(`illegal characters in key: ${nameOf(kind, '')}: ${reason}`, { cause: error });
    }
    const name = nameOf(kind, kind === 'Group' ? inGroup : `${inGroup}/${key}`);
    elements.set(name, { kind, name, group: inGroup, message });
  };
  add('Group', path.slice(path.lastIndexOf('/') + 1), group, path);
  for (const [key, child] of group.getGroupsMap().entries()) addGroup(elements, `${path}/${key}`, child);
  for (const [key, value] of group.getValuesMap().entries()) add('Value', key, value, path);
  for (const [key, policy] of group.getPoliciesMap().entries()) add('Policy', key, policy, path);
}

function assemble(elements: ConfigElements, path: string): common.ConfigGroup {
  const source = messageAt(elements, 'Group', path, common.ConfigGroup);
  const group = new common.ConfigGroup();
  group.setVersion(source.getVersion());
  group.setModPolicy(source.getModPolicy());
  for (const key of source.getGroupsMap().keys()) {
    group.getGroupsMap().set(key, assemble(elements, `${path}/${key}`));
  }
  for (const key of source.getValuesMap().keys()) {
    group
      .getValuesMap()
      .set(key, messageAt(elements, 'Value', `${path}/${key}`, common.ConfigValue).cloneMessage());
  }
  for (const key of source.getPoliciesMap().keys()) {
    group
      .getPoliciesMap()
      .set(key, messageAt(elements, 'Policy', `${path}/${key}`, common.ConfigPolicy).cloneMessage());
  }
  return group;
}

function messageAt<T extends Message>(
  elements: ConfigElements,
  kind: ElementKind,
  path: string,
  type: new () => T,
): T {
  const message = elements.get(nameOf(kind, path))?.message;
  if (!(message instanceof type)) {
    throw new Error(`missing ${kind.toLowerCase()} at path: ${nameOf(kind, path)}`);
  }
  return message;
}
