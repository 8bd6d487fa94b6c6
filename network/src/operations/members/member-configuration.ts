import { common } from '@hyperledger/fabric-protos';
import {
  applicationOrganisation,
  lifecycleEndorsement,
  ordererOrganisation,
} from '../../channel/channel-group.js';
import { configGroup } from '../../channel/config-group.js';
import {
  orderingOrganisations,
  type Organisation,
  type PortPlan,
  type Topology,
} from '../../topology/index.js';
import {
  APPLICATION,
  findGroup,
  groupAt,
  namesIn,
  ORDERER,
  writePolicy,
  writeValue,
} from '../config/config-tree.js';
import { putConsenter, removeConsenter, type ConsenterAddress } from '../config/consenters.js';
import type { PublicMember } from './public-member.js';

/*
 * The three changes that let a member in, each an update of its own: first it may transact and read; then, when its
 * orderer has all blocks, it makes blocks; last, when it does, others are told to send transactions to it. In one update
 * the quorum would wait for an orderer that has no blocks, and Raft's gateways would send to one that refuses.
 */

/** Lets a member transact, endorse and read: changes `channel`. */
export function admitMember(
  channel: common.ConfigGroup,
  topology: Topology,
  plan: PortPlan,
  { organisation, caPem, tlsCaPem }: PublicMember,
): void {
  const ofWhom = { mspId: organisation.mspId, caPem, tlsCaPem };
  const application = groupAt(channel, APPLICATION);
  application
    .getGroupsMap()
    .set(organisation.mspId, configGroup(applicationOrganisation(organisation, plan, ofWhom)));
  writePolicy(application, 'LifecycleEndorsement', lifecycleEndorsement(topology));
  if (!orders(topology, organisation.mspId)) return;
  const ordering = configGroup(ordererOrganisation(organisation, plan, ofWhom));
  // Fabric wants an address for it at once. Until it makes blocks that is another's, where its CA does not fit: whoever
  // tries it is turned away at once, and goes on to the next. An orderer that only follows would refuse the transaction.
  const others = groupAt(channel, ORDERER).getGroupsMap();
  const [another] = namesIn(others);
  const addresses = another === undefined ? undefined : others.get(another)?.getValuesMap().get('Endpoints');
  if (addresses !== undefined) ordering.getValuesMap().set('Endpoints', firstVersion(addresses));
  groupAt(channel, ORDERER).getGroupsMap().set(organisation.mspId, ordering);
}

function orders(topology: Topology, mspId: string): boolean {
  return orderingOrganisations(topology).some((each) => each.mspId === mspId);
}

function firstVersion(value: common.ConfigValue): common.ConfigValue {
  const copy = value.cloneMessage();
  copy.setVersion(0);
  return copy;
}

export function isAdmitted(
  channel: common.ConfigGroup,
  topology: Topology,
  { mspId }: Organisation,
): boolean {
  const groups = orders(topology, mspId) ? [APPLICATION, ORDERER] : [APPLICATION];
  return groups.every((group) => findGroup(channel, group, mspId) !== undefined);
}

/** Lets a member's orderer make blocks: changes `channel`. */
export function letOrder(
  channel: common.ConfigGroup,
  address: ConsenterAddress,
  { organisation, ordererIdentityPem, ordererTlsPem }: PublicMember,
): void {
  putConsenter(channel, {
    ...address,
    mspId: organisation.mspId,
    identityPem: ordererIdentityPem,
    tlsPem: ordererTlsPem,
  });
}

/** Tells others where a member's orderer takes transactions: changes `channel`. The member's own admin decides that. */
export function announceOrderer(channel: common.ConfigGroup, address: ConsenterAddress, mspId: string): void {
  const endpoints = new common.OrdererAddresses();
  endpoints.setAddressesList([`${address.host}:${address.port}`]);
  writeValue(groupAt(channel, ORDERER, mspId), 'Endpoints', endpoints);
}

export function isAnnounced(channel: common.ConfigGroup, address: ConsenterAddress, mspId: string): boolean {
  const value = findGroup(channel, ORDERER, mspId)?.getValuesMap().get('Endpoints')?.getValue_asU8();
  if (value === undefined) return false;
  return common.OrdererAddresses.deserializeBinary(value)
    .getAddressesList()
    .includes(`${address.host}:${address.port}`);
}

/** Takes a member out of all of it, in one update: changes `channel`. `topology` is the one without it. */
export function expelMember(
  channel: common.ConfigGroup,
  topology: Topology,
  address: ConsenterAddress,
  mspId: string,
): void {
  removeConsenter(channel, address);
  for (const group of [APPLICATION, ORDERER]) groupAt(channel, group).getGroupsMap().del(mspId);
  writePolicy(groupAt(channel, APPLICATION), 'LifecycleEndorsement', lifecycleEndorsement(topology));
}

export function isGone(channel: common.ConfigGroup, mspId: string): boolean {
  return [APPLICATION, ORDERER].every((group) => findGroup(channel, group, mspId) === undefined);
}
