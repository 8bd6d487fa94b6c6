import {
  chaincodeDefinition,
  collectionPackage,
  collections,
  collectionsDigest,
  collectionsJson,
} from '@consent-ledger/network';
import type { common } from '@hyperledger/fabric-protos';
import { msp, peer } from '@hyperledger/fabric-protos';
import { expect } from 'chai';
import { createHash } from 'node:crypto';
import { demo } from './consortium.js';

/** A second overseer, so that "any one of them" means something. */
const overseen = demo([
  '  - name: sentinel',
  '  - name: authority\n    mspId: AuthorityMSP\n    kind: regulator\n    displayName: Health Authority\n\n  - name: sentinel',
]);

const ROLES = ['member', 'admin', 'client', 'peer', 'orderer'];

/** A policy as text, read back from its protobuf: another way round than the code under test goes. */
function textOf(envelope: common.SignaturePolicyEnvelope | undefined): string {
  const identities = (envelope?.getIdentitiesList() ?? []).map((principal) => {
    expect(principal.getPrincipalClassification()).to.equal(msp.MSPPrincipal.Classification.ROLE);
    const role = msp.MSPRole.deserializeBinary(principal.getPrincipal_asU8());
    return `'${role.getMspIdentifier()}.${ROLES[role.getRole()] ?? '?'}'`;
  });
  const render = (rule: common.SignaturePolicy | undefined): string => {
    const gate = rule?.getNOutOf();
    if (!gate) return identities[rule?.getSignedBy() ?? -1] ?? '?';
    const rules = gate.getRulesList();
    const name = gate.getN() === 1 ? 'OR' : gate.getN() === rules.length ? 'AND' : '?';
    return `${name}(${rules.map(render).join(',')})`;
  };
  return render(envelope?.getRule());
}

function decode(bytes: Uint8Array): Record<string, unknown>[] {
  return peer.CollectionConfigPackage.deserializeBinary(bytes)
    .getConfigList()
    .map((config) => {
      const settings = config.getStaticCollectionConfig();
      return {
        name: settings?.getName(),
        policy: textOf(settings?.getMemberOrgsPolicy()?.getSignaturePolicy()),
        requiredPeerCount: settings?.getRequiredPeerCount(),
        maxPeerCount: settings?.getMaximumPeerCount(),
        blockToLive: settings?.getBlockToLive(),
        memberOnlyRead: settings?.getMemberOnlyRead(),
        memberOnlyWrite: settings?.getMemberOnlyWrite(),
        endorsementPolicy: {
          signaturePolicy: textOf(settings?.getEndorsementPolicy()?.getSignaturePolicy()),
        },
      };
    });
}

describe('the collections of a consortium', () => {
  it('let a custodian write only together with an overseer, and either of them file a withdrawal', () => {
    const all = decode(collectionPackage(collections(overseen)).serializeBinary());
    expect(all.map(({ name }) => name)).to.deep.equal([
      'custody-RiversideMSP',
      'withdrawal-RiversideMSP',
      'custody-LakesideMSP',
      'withdrawal-LakesideMSP',
      'study-RiversideMSP-NovacureMSP',
      'study-LakesideMSP-NovacureMSP',
    ]);
    const common = { blockToLive: 0, memberOnlyRead: true, memberOnlyWrite: true };
    expect(all[2]).to.deep.equal({
      ...common,
      name: 'custody-LakesideMSP',
      policy: "OR('LakesideMSP.member','AuthorityMSP.member','SentinelMSP.member')",
      requiredPeerCount: 1,
      maxPeerCount: 2,
      endorsementPolicy: {
        signaturePolicy: "AND('LakesideMSP.peer',OR('AuthorityMSP.peer','SentinelMSP.peer'))",
      },
    });
    expect(all[3]).to.deep.equal({
      ...common,
      name: 'withdrawal-LakesideMSP',
      policy: "OR('LakesideMSP.member','AuthorityMSP.member','SentinelMSP.member')",
      requiredPeerCount: 0,
      maxPeerCount: 2,
      endorsementPolicy: { signaturePolicy: "OR('LakesideMSP.peer','AuthorityMSP.peer','SentinelMSP.peer')" },
    });
    expect(all[4]).to.deep.equal({
      ...common,
      name: 'study-RiversideMSP-NovacureMSP',
      policy: "OR('RiversideMSP.member','NovacureMSP.member','AuthorityMSP.member','SentinelMSP.member')",
      requiredPeerCount: 1,
      maxPeerCount: 3,
      endorsementPolicy: {
        signaturePolicy: "AND('RiversideMSP.peer',OR('AuthorityMSP.peer','SentinelMSP.peer'))",
      },
    });
  });

  it("are the same for the peer's command line and on the ledger", () => {
    const forPeer = JSON.parse(collectionsJson(collections(overseen))) as unknown;
    expect(decode(chaincodeDefinition(overseen).collections)).to.deep.equal(forPeer);
  });

  it('have the digest of exactly the bytes that the definition commits', () => {
    const { collections: committed } = chaincodeDefinition(overseen);
    const digest = createHash('sha256').update(committed).digest('hex');
    expect(collectionsDigest(collections(overseen))).to.equal(digest);
    expect(collectionsDigest(collections(demo()))).not.to.equal(digest);
    // What the 3.1.5 peer committed for the demo's collections.json.
    expect(collectionsDigest(collections(demo()))).to.equal(
      'ca49b597703bfe4360c05bc7e82765cab6372e179be1f795073568358989182b',
    );
  });

  it('leave everything else to the endorsement policy of the channel', () => {
    const { validationParameter } = chaincodeDefinition(demo());
    const policy = peer.ApplicationPolicy.deserializeBinary(validationParameter);
    expect(policy.getChannelConfigPolicyReference()).to.equal('/Channel/Application/Endorsement');
    expect(validationParameter.toString('base64')).to.equal(
      'EiAvQ2hhbm5lbC9BcHBsaWNhdGlvbi9FbmRvcnNlbWVudA==',
    );
  });
});
