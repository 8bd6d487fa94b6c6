import { custodyCollection, studyCollection, withdrawalCollection } from '@consent-ledger/chaincode/wire';
import { peer } from '@hyperledger/fabric-protos';
import { createHash } from 'node:crypto';
import {
  custodians,
  formerOrganisations,
  isCustodian,
  oversight,
  sponsors,
  type FormerOrganisation,
  type Organisation,
  type Topology,
} from '../topology/index.js';
import {
  allOf,
  anyOf,
  applicationPolicy,
  policyEnvelope,
  policyText,
  role,
  type PolicyRule,
} from './policies.js';

/** A private data collection: who holds it, and whose endorsement writes it. */
export interface Collection {
  readonly name: string;
  /** MSP ids of the organisations that hold its values. */
  readonly members: readonly string[];
  readonly endorsement: PolicyRule;
  /** Other members' peers that must have a value before it is endorsed. */
  readonly requiredPeerCount: number;
}

/**
 * All collections of the consortium, in the topology's order.
 *
 * - custody: a custodian and any one oversight organisation endorse, so that neither can write alone;
 * - withdrawal: either of them does, so that nobody can hold one up;
 * - study: a site and a sponsor share it; the sponsor has no veto.
 */
export function collections(topology: Topology): readonly Collection[] {
  const overseers = oversight(topology);
  const overseen = anyOf(peers(overseers));
  const ofCustodians = custodians(topology).flatMap((custodian): Collection[] => {
    const members = mspIds([custodian, ...overseers]);
    return [
      {
        name: custodyCollection(custodian.mspId),
        members,
        endorsement: allOf([role(custodian.mspId, 'peer'), overseen]),
        requiredPeerCount: 1,
      },
      {
        name: withdrawalCollection(custodian.mspId),
        members,
        endorsement: anyOf(peers([custodian, ...overseers])),
        requiredPeerCount: 0,
      },
    ];
  });
  const ofStudies = custodians(topology).flatMap((site) =>
    sponsors(topology).map((sponsor): Collection => ({
      name: studyCollection(site.mspId, sponsor.mspId),
      members: mspIds([site, sponsor, ...overseers]),
      endorsement: allOf([role(site.mspId, 'peer'), overseen]),
      requiredPeerCount: 1,
    })),
  );
  const ofFormer = formerOrganisations(topology).flatMap((left) => formerCollections(topology, left));
  const present = [...ofCustodians, ...ofStudies];
  const names = new Set<string>();
  return [...present, ...ofFormer].filter(({ name }) => !names.has(name) && names.add(name));
}

/**
 * A collection can never be taken out of a chaincode definition, nor may it name an organisation that is not on the channel
 * (core/chaincode/lifecycle/scc.go). So those of who has left stay, held by oversight and whoever else shared them. Nobody can
 * write where the endorsement of who has left is needed: the log is closed, and can be read.
 */
function formerCollections(topology: Topology, left: FormerOrganisation): readonly Collection[] {
  const overseers = oversight(topology);
  const overseen = anyOf(peers(overseers));
  const custody: Collection[] = isCustodian(left)
    ? [
        {
          name: custodyCollection(left.mspId),
          members: mspIds(overseers),
          endorsement: allOf([role(left.mspId, 'peer'), overseen]),
          requiredPeerCount: 0,
        },
        {
          name: withdrawalCollection(left.mspId),
          members: mspIds(overseers),
          endorsement: anyOf([role(left.mspId, 'peer'), ...peers(overseers)]),
          requiredPeerCount: 0,
        },
      ]
    : [];
  const studies = left.studies.map((other): Collection => {
    const [site, sponsor] = isCustodian(left) ? [left.mspId, other] : [other, left.mspId];
    const stillHere = topology.organisations.filter(({ mspId }) => mspId === other);
    return {
      name: studyCollection(site, sponsor),
      members: mspIds([...stillHere, ...overseers]),
      endorsement: allOf([role(site, 'peer'), overseen]),
      requiredPeerCount: 0,
    };
  });
  return [...custody, ...studies];
}

/** protos.CollectionConfigPackage, as the chaincode definition on the ledger holds it. */
export function collectionPackage(all: readonly Collection[]): peer.CollectionConfigPackage {
  const message = new peer.CollectionConfigPackage();
  message.setConfigList(
    all.map((collection) => {
      const members = new peer.CollectionPolicyConfig();
      members.setSignaturePolicy(policyEnvelope(memberPolicy(collection)));
      const settings = new peer.StaticCollectionConfig();
      settings.setName(collection.name);
      settings.setMemberOrgsPolicy(members);
      settings.setRequiredPeerCount(collection.requiredPeerCount);
      settings.setMaximumPeerCount(maximumPeerCount(collection));
      settings.setMemberOnlyRead(true);
      settings.setMemberOnlyWrite(true);
      settings.setEndorsementPolicy(applicationPolicy(collection.endorsement));
      const config = new peer.CollectionConfig();
      config.setStaticCollectionConfig(settings);
      return config;
    }),
  );
  return message;
}

/** The same in the form that `peer lifecycle chaincode --collections-config` reads. */
export function collectionsJson(all: readonly Collection[]): string {
  const items = all.map((collection) => ({
    name: collection.name,
    policy: policyText(memberPolicy(collection)),
    requiredPeerCount: collection.requiredPeerCount,
    maxPeerCount: maximumPeerCount(collection),
    blockToLive: 0, // for ever
    memberOnlyRead: true,
    memberOnlyWrite: true,
    endorsementPolicy: { signaturePolicy: policyText(collection.endorsement) },
  }));
  return `${JSON.stringify(items, null, 2)}\n`;
}

/** Lower-case hex SHA-256 of the serialised package: what gateways compare with what is committed. */
export function collectionsDigest(all: readonly Collection[]): string {
  return createHash('sha256').update(collectionPackage(all).serializeBinary()).digest('hex');
}

function memberPolicy({ members }: Collection): PolicyRule {
  return anyOf(members.map((mspId) => role(mspId, 'member')));
}

/** Every member but the endorser itself gets a value before it is ordered, if its peer can be reached. */
function maximumPeerCount({ members }: Collection): number {
  return members.length - 1;
}

function peers(organisations: readonly Organisation[]): PolicyRule[] {
  return organisations.map(({ mspId }) => role(mspId, 'peer'));
}

function mspIds(organisations: readonly Organisation[]): string[] {
  return organisations.map(({ mspId }) => mspId);
}
