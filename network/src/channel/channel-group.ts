import { common, orderer, peer } from '@hyperledger/fabric-protos';
import type { OrganisationMaterial } from '../identities/index.js';
import { goDuration } from '../topology/quantities.js';
import {
  orderingOrganisations,
  oversight,
  portsOf,
  type Organisation,
  type PortPlan,
  type Topology,
} from '../topology/index.js';
import { capabilities, type GroupSpec } from './config-group.js';
import { consensus, consenters } from './consensus.js';
import { mspValue, type VerifyingMsp } from './msp-value.js';
import {
  allOf,
  anyOf,
  implicitMeta,
  outOf,
  policyEnvelope,
  role,
  signaturePolicy,
  type Role,
} from './policies.js';

/** Up to this many organisations, each must approve a chaincode definition; in a larger consortium, a majority. */
const UNANIMITY_UP_TO = 5;

/** The first configuration of the channel: /Channel with its groups Orderer and Application. */
export function channelGroup(
  topology: Topology,
  plan: PortPlan,
  material: readonly OrganisationMaterial[],
): GroupSpec {
  const hashing = new common.HashingAlgorithm();
  hashing.setName('SHA256');
  const structure = new common.BlockDataHashingStructure();
  structure.setWidth(0xffff_ffff);
  return {
    values: {
      HashingAlgorithm: hashing,
      BlockDataHashingStructure: structure,
      Capabilities: capabilities('V3_0'),
    },
    policies: metaPolicies(),
    groups: {
      Orderer: ordererGroup(topology, plan, material),
      Application: applicationGroup(topology, plan, material),
    },
  };
}

function metaPolicies(): Record<'Readers' | 'Writers' | 'Admins', common.Policy> {
  return {
    Readers: implicitMeta('ANY', 'Readers'),
    Writers: implicitMeta('ANY', 'Writers'),
    Admins: implicitMeta('MAJORITY', 'Admins'),
  };
}

function ordererGroup(
  topology: Topology,
  plan: PortPlan,
  material: readonly OrganisationMaterial[],
): GroupSpec {
  const { ordering } = topology;
  const { values, blockValidation } = consensus(ordering, consenters(topology, plan, material));
  const size = new orderer.BatchSize();
  size.setMaxMessageCount(ordering.maxMessageCount);
  size.setAbsoluteMaxBytes(ordering.absoluteMaxBytes);
  size.setPreferredMaxBytes(ordering.preferredMaxBytes);
  const timeout = new orderer.BatchTimeout();
  timeout.setTimeout(goDuration(ordering.blockInterval));
  return {
    values: {
      ...values,
      BatchSize: size,
      BatchTimeout: timeout,
      ChannelRestrictions: new orderer.ChannelRestrictions(),
      Capabilities: capabilities('V2_0'),
    },
    policies: { ...metaPolicies(), BlockValidation: blockValidation },
    groups: groupsOf(orderingOrganisations(topology), (organisation) =>
      ordererOrganisation(organisation, plan, mspOf(organisation, material)),
    ),
  };
}

function applicationGroup(
  topology: Topology,
  plan: PortPlan,
  material: readonly OrganisationMaterial[],
): GroupSpec {
  return {
    values: { Capabilities: capabilities('V2_5') },
    policies: {
      ...metaPolicies(),
      Endorsement: implicitMeta('MAJORITY', 'Endorsement'),
      LifecycleEndorsement: lifecycleEndorsement(topology),
    },
    groups: groupsOf(topology.organisations, (organisation) =>
      applicationOrganisation(organisation, plan, mspOf(organisation, material)),
    ),
  };
}

/** An organisation as one that orders. */
export function ordererOrganisation(
  organisation: Organisation,
  plan: PortPlan,
  ofWhom: VerifyingMsp,
): GroupSpec {
  const endpoints = new common.OrdererAddresses();
  endpoints.setAddressesList([`${organisation.host}:${portsOf(plan, organisation.name).orderer}`]);
  return {
    values: { MSP: mspValue(ofWhom), Endpoints: endpoints },
    policies: {
      Readers: roles(organisation, 'orderer', 'peer', 'admin'),
      // Who may sign blocks. Clients write through the Application group.
      Writers: roles(organisation, 'orderer'),
      Admins: roles(organisation, 'admin'),
    },
  };
}

/** An organisation as one that transacts and endorses. */
export function applicationOrganisation(
  organisation: Organisation,
  plan: PortPlan,
  ofWhom: VerifyingMsp,
): GroupSpec {
  const anchor = new peer.AnchorPeer();
  anchor.setHost(organisation.host);
  anchor.setPort(portsOf(plan, organisation.name).peer);
  const anchors = new peer.AnchorPeers();
  anchors.setAnchorPeersList([anchor]);
  return {
    values: { MSP: mspValue(ofWhom), AnchorPeers: anchors },
    policies: {
      Readers: roles(organisation, 'admin', 'peer', 'client'),
      Writers: roles(organisation, 'admin', 'client'),
      Admins: roles(organisation, 'admin'),
      Endorsement: roles(organisation, 'peer'),
    },
  };
}

/**
 * A chaincode definition decides who reads a collection, so it needs every organisation in a small consortium, and a
 * majority with at least one oversight organisation in a large one. The oversight rule stands first: a signature
 * counts once, for the first rule that it meets.
 */
export function lifecycleEndorsement(topology: Topology): common.Policy {
  const { organisations } = topology;
  if (organisations.length <= UNANIMITY_UP_TO) return implicitMeta('ALL', 'Endorsement');
  const peers = (some: readonly Organisation[]): ReturnType<typeof role>[] =>
    some.map(({ mspId }) => role(mspId, 'peer'));
  const majority = Math.floor(organisations.length / 2) + 1;
  return signaturePolicy(
    policyEnvelope(allOf([anyOf(peers(oversight(topology))), outOf(majority - 1, peers(organisations))])),
  );
}

function groupsOf(
  organisations: readonly Organisation[],
  spec: (organisation: Organisation) => GroupSpec,
): Record<string, GroupSpec> {
  return Object.fromEntries(organisations.map((organisation) => [organisation.mspId, spec(organisation)]));
}

function roles({ mspId }: Organisation, ...names: readonly Role[]): common.Policy {
  return signaturePolicy(policyEnvelope(anyOf(names.map((name) => role(mspId, name)))));
}

function mspOf({ mspId }: Organisation, material: readonly OrganisationMaterial[]): VerifyingMsp {
  const own = material.find((one) => one.mspId === mspId);
  if (!own) throw new RangeError(`no identities were given for ${mspId}`);
  return own;
}
