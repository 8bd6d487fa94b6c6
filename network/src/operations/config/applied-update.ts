import { common } from '@hyperledger/fabric-protos';
import { namesIn } from './config-tree.js';

/** One element of the configuration that an update changes. */
export interface ChangedElement {
  /** Such as `/Channel/Orderer/Orderers`, where groups, values and policies are told apart by `kind`. */
  readonly path: string;
  readonly kind: 'group' | 'value' | 'policy';
  /** The policy that the change has to satisfy, as an absolute path; undefined for an element that is new. */
  readonly policy: string | undefined;
  /** The version that it must have now; undefined for an element that is new. */
  readonly version: number | undefined;
  /** Who may change it from then on: a policy, relative to the group or absolute. */
  readonly modPolicy: string;
  /** Who may now; undefined for an element that is new. */
  readonly formerModPolicy: string | undefined;
}

interface Element {
  readonly path: string;
  readonly kind: ChangedElement['kind'];
  readonly version: number;
  readonly modPolicy: string;
}

/**
 * What an update changes, and by whose leave: common/configtx/update.go. Elements of the write set whose version is
 * not the read set's are changed; the policy is the one that the element names at present.
 */
export function changedElements(current: common.ConfigGroup, update: common.ConfigUpdate): ChangedElement[] {
  const existing = elementsOf(current);
  const read = elementsOf(update.getReadSet() ?? new common.ConfigGroup());
  const write = elementsOf(update.getWriteSet() ?? new common.ConfigGroup());
  return [...write].flatMap(([key, element]) => {
    if (read.get(key)?.version === element.version) return [];
    const now = existing.get(key);
    return [
      {
        path: element.path,
        kind: element.kind,
        modPolicy: element.modPolicy,
        formerModPolicy: now?.modPolicy,
        policy: now && absolutePolicy(now),
        version: now && element.version - 1,
      },
    ];
  });
}

/** Elements that the update relies on or changes, and that have another version by now: it was made for an older configuration. */
export function staleElements(current: common.ConfigGroup, update: common.ConfigUpdate): string[] {
  const existing = elementsOf(current);
  const read = elementsOf(update.getReadSet() ?? new common.ConfigGroup());
  const stale = [...read].filter(([key, { version }]) => existing.get(key)?.version !== version);
  const changed = changedElements(current, update).filter(({ kind, path, version }) => {
    const now = existing.get(`${kind} ${path}`);
    return now !== undefined && now.version !== version;
  });
  return [...new Set([...stale.map(([, { path }]) => path), ...changed.map(({ path }) => path)])].sort();
}

/** The configuration after the update: what is changed lies over what is there, and groups have the members that the write set names. */
export function applyUpdate(current: common.ConfigGroup, update: common.ConfigUpdate): common.ConfigGroup {
  const write = update.getWriteSet();
  if (write === undefined) return current;
  return overlay(current, update.getReadSet() ?? new common.ConfigGroup(), write);
}

function overlay(
  current: common.ConfigGroup | undefined,
  read: common.ConfigGroup | undefined,
  write: common.ConfigGroup,
): common.ConfigGroup {
  const isChanged = current === undefined || read?.getVersion() !== write.getVersion();
  const result = new common.ConfigGroup();
  result.setVersion(write.getVersion());
  result.setModPolicy(isChanged ? write.getModPolicy() : current.getModPolicy());
  const members = (kind: 'getGroupsMap' | 'getValuesMap' | 'getPoliciesMap'): string[] =>
    namesIn((isChanged ? write : current)[kind]());

  for (const name of members('getGroupsMap')) {
    const now = current?.getGroupsMap().get(name);
    const written = write.getGroupsMap().get(name);
    const next = written === undefined ? now : overlay(now, read?.getGroupsMap().get(name), written);
    if (next !== undefined) result.getGroupsMap().set(name, next);
  }
  for (const name of members('getValuesMap')) {
    const written = write.getValuesMap().get(name);
    const same = written?.getVersion() === read?.getValuesMap().get(name)?.getVersion();
    const next = written === undefined || same ? current?.getValuesMap().get(name) : written;
    if (next !== undefined) result.getValuesMap().set(name, next);
  }
  for (const name of members('getPoliciesMap')) {
    const written = write.getPoliciesMap().get(name);
    const same = written?.getVersion() === read?.getPoliciesMap().get(name)?.getVersion();
    const next = written === undefined || same ? current?.getPoliciesMap().get(name) : written;
    if (next !== undefined) result.getPoliciesMap().set(name, next);
  }
  return result;
}

/** A policy's relative name counts from the group that the element is in; a group's own counts from itself. */
function absolutePolicy({ path, kind, modPolicy }: Element): string {
  if (modPolicy.startsWith('/')) return modPolicy;
  const group = kind === 'group' ? path : path.slice(0, path.lastIndexOf('/'));
  return `${group}/${modPolicy}`;
}

function elementsOf(root: common.ConfigGroup): Map<string, Element> {
  const found = new Map<string, Element>();
  const add = (
    kind: ChangedElement['kind'],
    path: string,
    element: { getVersion(): number; getModPolicy(): string },
  ): void => {
    found.set(`${kind} ${path}`, {
      path,
      kind,
      version: element.getVersion(),
      modPolicy: element.getModPolicy(),
    });
  };
  const walk = (path: string, group: common.ConfigGroup): void => {
    add('group', path, group);
    for (const [name, value] of group.getValuesMap().entries()) add('value', `${path}/${name}`, value);
    for (const [name, policy] of group.getPoliciesMap().entries()) add('policy', `${path}/${name}`, policy);
    for (const [name, child] of group.getGroupsMap().entries()) walk(`${path}/${name}`, child);
  };
  walk('/Channel', root);
  return found;
}
