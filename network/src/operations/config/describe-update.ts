import type { common } from '@hyperledger/fabric-protos';
import { msp } from '@hyperledger/fabric-protos';
import { createHash, X509Certificate } from 'node:crypto';
import { applyUpdate, changedElements } from './applied-update.js';
import { APPLICATION, findGroup, namesIn, ORDERER } from './config-tree.js';
import { consenterElements, consentersOf, orderingTypeOf, toleratedFaults } from './consenters.js';

/**
 * What an update does, a line for each change, so that an admin knows what they sign. Complete: a change that has no
 * words of its own is named by its place in the configuration.
 */
export function describeUpdate(current: common.ConfigGroup, update: common.ConfigUpdate): string[] {
  const next = applyUpdate(current, update);
  const explained = new Set<string>();
  const lines = [
    ...organisationLines(current, next, explained),
    ...consenterLines(current, next, explained),
    ...mspLines(current, next, explained),
  ];
  const changed = changedElements(current, update);
  const rest = changed
    .filter(({ path, kind }) => kind !== 'group' && ![...explained].some((known) => isInside(path, known)))
    .map(({ path, kind, version }) => `${version === undefined ? 'adds' : 'changes'} the ${kind} ${path}`);
  const rights = changed
    .filter(
      ({ modPolicy, formerModPolicy }) => formerModPolicy !== undefined && modPolicy !== formerModPolicy,
    )
    .map(
      ({ path, kind, modPolicy }) =>
        `lets the policy ${modPolicy} decide on the ${kind} ${path} from then on`,
    );
  const removed = removedLeaves(current, next, '/Channel').filter(
    (line) => ![...explained].some((known) => isInside(line.path, known)),
  );
  return [...lines, ...rest, ...rights, ...removed.map(({ path, kind }) => `removes the ${kind} ${path}`)];
}

/** SHA-256 of the update's bytes, by which people can tell that they speak of the same one. */
export function updateDigest(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}

function organisationLines(
  before: common.ConfigGroup,
  after: common.ConfigGroup,
  explained: Set<string>,
): string[] {
  const meaning = {
    [APPLICATION]: ['may transact, endorse and vote', 'may no longer transact, endorse or vote'],
    [ORDERER]: ['may take part in ordering and read blocks', 'may no longer take part in ordering'],
  } as const;
  return ([APPLICATION, ORDERER] as const).flatMap((group) => {
    const [joins, leaves] = meaning[group];
    const was = memberNames(before, group);
    const is = memberNames(after, group);
    const added = is.filter((name) => !was.includes(name));
    const removed = was.filter((name) => !is.includes(name));
    for (const name of [...added, ...removed]) explained.add(`/Channel/${group}/${name}`);
    return [
      ...added.map((name) => `adds ${name} to ${group}: it ${joins}${authorities(after, group, name)}`),
      ...removed.map((name) => `removes ${name} from ${group}: it ${leaves}`),
    ];
  });
}

/** By their fingerprints the certification authorities can be compared with what the organisation says on the telephone. */
function authorities(channel: common.ConfigGroup, group: string, name: string): string {
  const settings = mspSettings(findGroup(channel, group, name));
  const called = settings?.getName() ?? name;
  if (called !== name) return `; but its MSP is called ${called}, so do not sign this`;
  const prints = settings?.getRootCertsList_asU8().map(fingerprint) ?? [];
  return prints.length === 0 ? '' : `; its certification authority is ${prints.join(', ')}`;
}

function consenterLines(
  before: common.ConfigGroup,
  after: common.ConfigGroup,
  explained: Set<string>,
): string[] {
  const was = new Map(consentersOf(before).map((one) => [`${one.host}:${one.port}`, one]));
  const is = new Map(consentersOf(after).map((one) => [`${one.host}:${one.port}`, one]));
  const lines = [
    ...[...is.keys()].flatMap((at) => {
      const [old, fresh] = [was.get(at), is.get(at)];
      const whose = fresh?.mspId === undefined ? '' : ` of ${fresh.mspId}`;
      if (old === undefined) return [`adds the orderer ${at}${whose}`];
      const parts = [
        ...(old.identityPem === fresh?.identityPem ? [] : ['signing']),
        ...(old.tlsPem === fresh?.tlsPem && old.clientTlsPem === fresh.clientTlsPem ? [] : ['TLS']),
      ];
      if (old.mspId !== fresh?.mspId) return [`hands the orderer ${at} over${whose}`];
      return parts.length === 0
        ? []
        : [`gives the orderer ${at}${whose} new certificates (${parts.join(' and ')})`];
    }),
    ...[...was.keys()].flatMap((at) => (is.has(at) ? [] : [`removes the orderer ${at}`])),
  ];
  if (lines.length === 0) return [];
  const type = orderingTypeOf(after);
  for (const place of consenterElements(before, after)) explained.add(`/Channel/${ORDERER}/${place}`);
  const tolerated = toleratedFaults(type, is.size);
  return [
    ...lines,
    `then ${is.size} orderers make blocks, and ordering goes on while at most ${tolerated} of them fail`,
  ];
}

function mspLines(before: common.ConfigGroup, after: common.ConfigGroup, explained: Set<string>): string[] {
  const names = new Set([...memberNames(after, APPLICATION), ...memberNames(after, ORDERER)]);
  return [...names].sort().flatMap((name) => {
    const [old, fresh] = [before, after].map((channel) =>
      mspSettings(findGroup(channel, APPLICATION, name) ?? findGroup(channel, ORDERER, name)),
    );
    if (old === undefined || fresh === undefined) return [];
    const lists = (settings: msp.FabricMSPConfig): string => settings.getRevocationListList_asB64().join();
    if (lists(old) === lists(fresh)) return [];
    const withoutLists = (settings: msp.FabricMSPConfig): Buffer => {
      const copy = settings.cloneMessage();
      copy.setRevocationListList([]);
      return Buffer.from(copy.serializeBinary());
    };
    if (!withoutLists(old).equals(withoutLists(fresh))) return [];
    for (const group of [APPLICATION, ORDERER]) explained.add(`/Channel/${group}/${name}/MSP`);
    return [`sets which certificates of ${name} are revoked`];
  });
}

function mspSettings(group: common.ConfigGroup | undefined): msp.FabricMSPConfig | undefined {
  const value = group?.getValuesMap().get('MSP')?.getValue_asU8();
  if (value === undefined) return undefined;
  return msp.FabricMSPConfig.deserializeBinary(msp.MSPConfig.deserializeBinary(value).getConfig_asU8());
}

function removedLeaves(
  before: common.ConfigGroup,
  after: common.ConfigGroup,
  at: string,
): { path: string; kind: string }[] {
  const gone = (kind: string, was: string[], is: string[]): { path: string; kind: string }[] =>
    was.filter((name) => !is.includes(name)).map((name) => ({ path: `${at}/${name}`, kind }));
  return [
    ...gone('value', namesIn(before.getValuesMap()), namesIn(after.getValuesMap())),
    ...gone('policy', namesIn(before.getPoliciesMap()), namesIn(after.getPoliciesMap())),
    ...gone('group', namesIn(before.getGroupsMap()), namesIn(after.getGroupsMap())),
    ...namesIn(before.getGroupsMap()).flatMap((name) => {
      const [was, is] = [before.getGroupsMap().get(name), after.getGroupsMap().get(name)];
      return was === undefined || is === undefined ? [] : removedLeaves(was, is, `${at}/${name}`);
    }),
  ];
}

function memberNames(channel: common.ConfigGroup, group: string): string[] {
  const found = findGroup(channel, group);
  return found === undefined ? [] : namesIn(found.getGroupsMap());
}

function isInside(path: string, known: string): boolean {
  return path === known || path.startsWith(`${known}/`);
}

function fingerprint(pem: Uint8Array): string {
  return `SHA-256 ${new X509Certificate(pem).fingerprint256}`;
}
