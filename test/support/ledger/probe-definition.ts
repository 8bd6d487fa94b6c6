import { common, msp, peer } from '@hyperledger/fabric-protos';
import type { ChaincodeDefinitionSpec } from '@consent-ledger/network';
import { COLLECTIONS } from './target.js';

/** The probe's definition: any majority endorses, with the collections that the suite needs. */
export function probeDefinition(mspIds: readonly string[]): ChaincodeDefinitionSpec {
  const policy = new peer.ApplicationPolicy();
  policy.setChannelConfigPolicyReference('/Channel/Application/Endorsement');
  const collections = new peer.CollectionConfigPackage();
  collections.setConfigList(probeCollections(mspIds));
  return {
    name: 'probe',
    version: '1',
    endorsementPlugin: 'escc',
    validationPlugin: 'vscc',
    validationParameter: Buffer.from(policy.serializeBinary()),
    collections: Buffer.from(collections.serializeBinary()),
  };
}

/** A second chaincode that any one organisation endorses, without collections. */
export function otherDefinition(mspIds: readonly string[]): ChaincodeDefinitionSpec {
  const policy = new peer.ApplicationPolicy();
  policy.setSignaturePolicy(signaturePolicy(1, mspIds, 'PEER'));
  return {
    name: 'other',
    version: '1',
    endorsementPlugin: 'escc',
    validationPlugin: 'vscc',
    validationParameter: Buffer.from(policy.serializeBinary()),
    collections: Buffer.from(new peer.CollectionConfigPackage().serializeBinary()),
  };
}

function probeCollections(mspIds: readonly string[]): peer.CollectionConfig[] {
  const [a = '', b = ''] = mspIds;
  const both = [a, b];
  return [
    collection({ name: COLLECTIONS.open, members: both }),
    collection({ name: COLLECTIONS.closed, members: both, memberOnly: true }),
    collection({ name: COLLECTIONS.both, members: both, endorsers: { n: 2, mspIds: both } }),
    collection({ name: COLLECTIONS.either, members: both, endorsers: { n: 1, mspIds: both } }),
    collection({ name: COLLECTIONS.unreachable, members: [a], requiredPeers: 1 }),
    collection({
      name: COLLECTIONS.fetched,
      members: both,
      endorsers: { n: 1, mspIds },
      maximumPeers: 0,
    }),
    collection({
      name: COLLECTIONS.brief,
      members: both,
      endorsers: { n: 1, mspIds: both },
      blockToLive: 2,
    }),
  ];
}

interface CollectionInput {
  readonly name: string;
  readonly members: readonly string[];
  readonly memberOnly?: boolean;
  readonly endorsers?: { readonly n: number; readonly mspIds: readonly string[] };
  readonly requiredPeers?: number;
  readonly maximumPeers?: number;
  readonly blockToLive?: number;
}

function collection(input: CollectionInput): peer.CollectionConfig {
  const members = new peer.CollectionPolicyConfig();
  members.setSignaturePolicy(signaturePolicy(1, input.members, 'MEMBER'));
  const settings = new peer.StaticCollectionConfig();
  settings.setName(input.name);
  settings.setMemberOrgsPolicy(members);
  settings.setRequiredPeerCount(input.requiredPeers ?? 0);
  settings.setMaximumPeerCount(input.maximumPeers ?? 3);
  settings.setBlockToLive(input.blockToLive ?? 0);
  settings.setMemberOnlyRead(input.memberOnly ?? false);
  settings.setMemberOnlyWrite(input.memberOnly ?? false);
  if (input.endorsers !== undefined) {
    const policy = new peer.ApplicationPolicy();
    policy.setSignaturePolicy(signaturePolicy(input.endorsers.n, input.endorsers.mspIds, 'PEER'));
    settings.setEndorsementPolicy(policy);
  }
  const config = new peer.CollectionConfig();
  config.setStaticCollectionConfig(settings);
  return config;
}

export type PrincipalRole = 'MEMBER' | 'PEER' | 'ADMIN';

/** `n` of the organisations, each by an identity of that role. */
export function signaturePolicy(
  n: number,
  mspIds: readonly string[],
  role: PrincipalRole | readonly PrincipalRole[],
): common.SignaturePolicyEnvelope {
  const roles = typeof role === 'string' ? mspIds.map(() => role) : role;
  const gate = new common.SignaturePolicy.NOutOf();
  gate.setN(n);
  gate.setRulesList(
    mspIds.map((_, index) => {
      const rule = new common.SignaturePolicy();
      rule.setSignedBy(index);
      return rule;
    }),
  );
  const rule = new common.SignaturePolicy();
  rule.setNOutOf(gate);
  const envelope = new common.SignaturePolicyEnvelope();
  envelope.setRule(rule);
  envelope.setIdentitiesList(mspIds.map((mspId, index) => principal(mspId, roles[index] ?? 'MEMBER')));
  return envelope;
}

function principal(mspId: string, name: PrincipalRole): msp.MSPPrincipal {
  const role = new msp.MSPRole();
  role.setMspIdentifier(mspId);
  role.setRole(msp.MSPRole.MSPRoleType[name]);
  const wrapped = new msp.MSPPrincipal();
  wrapped.setPrincipalClassification(msp.MSPPrincipal.Classification.ROLE);
  wrapped.setPrincipal(role.serializeBinary());
  return wrapped;
}
