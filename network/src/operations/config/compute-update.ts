import { common } from '@hyperledger/fabric-protos';
import { ConfigurationError } from './config-tree.js';

/*
 * What has to be sent to make one configuration of another: internal/configtxlator/update/update.go. The read set
 * names what must not have changed meanwhile, with its versions; the write set has what changes, with the next ones.
 */

/** @throws ConfigurationError when nothing differs */
export function computeUpdate(
  channel: string,
  before: common.ConfigGroup,
  after: common.ConfigGroup,
): common.ConfigUpdate {
  const { read, write, changed } = groupDifference(before, after);
  if (!changed) throw new ConfigurationError('the configuration is already as it should be');
  const update = new common.ConfigUpdate();
  update.setChannelId(channel);
  update.setReadSet(read);
  update.setWriteSet(write);
  return update;
}

interface GroupDifference {
  readonly read: common.ConfigGroup;
  readonly write: common.ConfigGroup;
  readonly changed: boolean;
}

function groupDifference(before: common.ConfigGroup, after: common.ConfigGroup): GroupDifference {
  const policies = leafDifference(
    before.getPoliciesMap(),
    after.getPoliciesMap(),
    samePolicy,
    () => new common.ConfigPolicy(),
  );
  const values = leafDifference(
    before.getValuesMap(),
    after.getValuesMap(),
    sameValue,
    () => new common.ConfigValue(),
  );
  const groups = groupsDifference(before, after);
  const ownChange =
    [policies, values, groups].some(({ membersChanged }) => membersChanged) ||
    before.getModPolicy() !== after.getModPolicy();
  const changed = ownChange || policies.write.size + values.write.size + groups.write.size > 0;

  const version = before.getVersion();
  const read = versionOnly(new common.ConfigGroup(), version);
  const write = versionOnly(new common.ConfigGroup(), version);
  if (!changed) return { read, write, changed };
  fill(read.getGroupsMap(), groups.read);
  fill(write.getPoliciesMap(), policies.write);
  fill(write.getValuesMap(), values.write);
  fill(write.getGroupsMap(), groups.write);
  if (ownChange) {
    // Members that stay are named too, else the next version of the group would be without them.
    write.setVersion(version + 1);
    write.setModPolicy(after.getModPolicy());
    for (const set of [read, write]) {
      fill(set.getPoliciesMap(), policies.same);
      fill(set.getValuesMap(), values.same);
      fill(set.getGroupsMap(), groups.same);
    }
  }
  return { read, write, changed };
}

interface Difference<T> {
  readonly read: ReadonlyMap<string, T>;
  readonly write: ReadonlyMap<string, T>;
  readonly same: ReadonlyMap<string, T>;
  /** Something was added or removed. */
  readonly membersChanged: boolean;
}

/** A map of a protobuf message. */
interface ProtoMap<T> {
  get(key: string): T | undefined;
  set(key: string, value: T): unknown;
  has(key: string): boolean;
  entries(): Iterable<[string, T]>;
  getLength(): number;
}

interface Leaf {
  getVersion(): number;
  setVersion(version: number): unknown;
  cloneMessage(): this;
}

function leafDifference<T extends Leaf>(
  before: ProtoMap<T>,
  after: ProtoMap<T>,
  isSame: (one: T, other: T) => boolean,
  make: () => T,
): Difference<T> {
  const write = new Map<string, T>();
  const same = new Map<string, T>();
  for (const [name, wanted] of after.entries()) {
    const existing = before.get(name);
    if (existing !== undefined && isSame(existing, wanted)) {
      same.set(name, versionOnly(make(), existing.getVersion()));
    } else {
      write.set(
        name,
        versionOnly(wanted.cloneMessage(), existing === undefined ? 0 : existing.getVersion() + 1),
      );
    }
  }
  return { read: new Map(), write, same, membersChanged: membersDiffer(before, after) };
}

function groupsDifference(
  before: common.ConfigGroup,
  after: common.ConfigGroup,
): Difference<common.ConfigGroup> {
  const read = new Map<string, common.ConfigGroup>();
  const write = new Map<string, common.ConfigGroup>();
  const same = new Map<string, common.ConfigGroup>();
  for (const [name, wanted] of after.getGroupsMap().entries()) {
    const existing = before.getGroupsMap().get(name);
    if (existing === undefined) {
      const fresh = groupDifference(new common.ConfigGroup(), wanted).write;
      fresh.setVersion(0);
      fresh.setModPolicy(wanted.getModPolicy());
      write.set(name, fresh);
      continue;
    }
    const inside = groupDifference(existing, wanted);
    if (inside.changed) {
      read.set(name, inside.read);
      write.set(name, inside.write);
    } else {
      same.set(name, inside.read);
    }
  }
  return { read, write, same, membersChanged: membersDiffer(before.getGroupsMap(), after.getGroupsMap()) };
}

function membersDiffer<T>(before: ProtoMap<T>, after: ProtoMap<T>): boolean {
  return before.getLength() !== after.getLength() || [...after.entries()].some(([name]) => !before.has(name));
}

function samePolicy(one: common.ConfigPolicy, other: common.ConfigPolicy): boolean {
  const bytes = (policy: common.ConfigPolicy): Buffer =>
    Buffer.from(policy.getPolicy()?.serializeBinary() ?? []);
  return one.getModPolicy() === other.getModPolicy() && bytes(one).equals(bytes(other));
}

function sameValue(one: common.ConfigValue, other: common.ConfigValue): boolean {
  return (
    one.getModPolicy() === other.getModPolicy() &&
    Buffer.from(one.getValue_asU8()).equals(other.getValue_asU8())
  );
}

function versionOnly<T extends { setVersion(version: number): unknown }>(message: T, version: number): T {
  message.setVersion(version);
  return message;
}

function fill<T>(map: ProtoMap<T>, entries: ReadonlyMap<string, T>): void {
  for (const [name, message] of entries) map.set(name, message);
}
