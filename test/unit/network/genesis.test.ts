import {
  genesisBlock,
  ledgerId,
  loadIdentities,
  makeIdentities,
  orderingOrganisations,
  portPlan,
  type Identities,
  type Topology,
} from '@consent-ledger/network';
import { common, msp, orderer, peer } from '@hyperledger/fabric-protos';
import { expect } from 'chai';
import { createHash } from 'node:crypto';
import { temporaryFolder } from '../../support/temporary.js';
import { demo } from './consortium.js';

const SEED = { nonce: new Uint8Array(24).fill(7), seconds: 1_700_000_000 };
const DEMO_MSPS = ['LakesideMSP', 'NovacureMSP', 'RiversideMSP', 'SentinelMSP'];

interface Decoded {
  readonly block: common.Block;
  readonly channelHeader: common.ChannelHeader;
  readonly config: common.Config;
  readonly channel: common.ConfigGroup;
}

function decode(bytes: Uint8Array): Decoded {
  const block = common.Block.deserializeBinary(bytes);
  const [transaction] = block.getData()?.getDataList_asU8() ?? [];
  const envelope = common.Envelope.deserializeBinary(transaction ?? new Uint8Array());
  const payload = common.Payload.deserializeBinary(envelope.getPayload_asU8());
  const config = common.ConfigEnvelope.deserializeBinary(payload.getData_asU8()).getConfig();
  const channel = config?.getChannelGroup();
  if (!config || !channel) throw new Error('no configuration');
  const header = payload.getHeader()?.getChannelHeader_asU8() ?? new Uint8Array();
  return { block, channelHeader: common.ChannelHeader.deserializeBinary(header), config, channel };
}

function group(parent: common.ConfigGroup, ...path: readonly string[]): common.ConfigGroup {
  return path.reduce((at, name) => {
    const found = at.getGroupsMap().get(name);
    if (!found) throw new Error(`no group ${name}`);
    return found;
  }, parent);
}

function value(of: common.ConfigGroup, name: string): Uint8Array {
  const found = of.getValuesMap().get(name);
  if (!found) throw new Error(`no value ${name}`);
  return found.getValue_asU8();
}

function names(map: { keys(): IterableIterator<string> } | { keys(): unknown }): string[] {
  return Array.from(map.keys() as Iterable<string>).sort();
}

/** `ANY Readers`, or the roles of a signature policy such as `1 of RiversideMSP.peer`. */
function policy(of: common.ConfigGroup, name: string): string {
  const found = of.getPoliciesMap().get(name)?.getPolicy();
  if (!found) throw new Error(`no policy ${name}`);
  if (found.getType() === common.Policy.PolicyType.IMPLICIT_META) {
    const meta = common.ImplicitMetaPolicy.deserializeBinary(found.getValue_asU8());
    return `${['ANY', 'ALL', 'MAJORITY'][meta.getRule()] ?? '?'} ${meta.getSubPolicy()}`;
  }
  const envelope = common.SignaturePolicyEnvelope.deserializeBinary(found.getValue_asU8());
  const principals = envelope.getIdentitiesList().map((principal) => {
    if (principal.getPrincipalClassification() === msp.MSPPrincipal.Classification.IDENTITY) {
      return msp.SerializedIdentity.deserializeBinary(principal.getPrincipal_asU8()).getMspid();
    }
    const role = msp.MSPRole.deserializeBinary(principal.getPrincipal_asU8());
    return `${role.getMspIdentifier()}.${['member', 'admin', 'client', 'peer', 'orderer'][role.getRole()] ?? '?'}`;
  });
  return `${envelope.getRule()?.getNOutOf()?.getN() ?? 0} of ${principals.join(' ')}`;
}

function* everyGroup(root: common.ConfigGroup): Generator<common.ConfigGroup> {
  yield root;
  for (const name of names(root.getGroupsMap())) yield* everyGroup(group(root, name));
}

describe('the genesis block', () => {
  const folder = temporaryFolder();
  let identities: Identities;

  const blockOf = (topology: Topology, seed = SEED): Buffer =>
    genesisBlock(topology, portPlan(topology), identities.organisations, seed);

  before(async () => {
    await makeIdentities(demo(), folder.path);
    identities = await loadIdentities(demo(), folder.path);
  });

  it('is the same for the same consortium, nonce and time, and another for another', () => {
    expect(blockOf(demo()).equals(blockOf(demo()))).to.equal(true);
    const other = { ...SEED, nonce: new Uint8Array(24).fill(8) };
    expect(ledgerId(blockOf(demo(), other))).not.to.equal(ledgerId(blockOf(demo())));
  });

  it('is block 0 of the channel: one unsigned configuration transaction', () => {
    const { block, channelHeader, config } = decode(blockOf(demo()));
    const [transaction, more] = block.getData()?.getDataList_asU8() ?? [];
    expect(more).to.equal(undefined);
    expect(
      common.Envelope.deserializeBinary(transaction ?? new Uint8Array()).getSignature_asU8(),
    ).to.have.length(0);
    expect(channelHeader.toObject()).to.deep.include({ type: 1, version: 1, channelId: 'consent', epoch: 0 });
    expect(channelHeader.getTimestamp()?.toObject()).to.deep.equal({ seconds: SEED.seconds, nanos: 0 });
    expect(channelHeader.getTxId()).to.equal(createHash('sha256').update(SEED.nonce).digest('hex'));
    expect(config.getSequence()).to.equal(0);
    const header = block.getHeader();
    expect([header?.getNumber(), header?.getPreviousHash_asU8().length]).to.deep.equal([0, 0]);
    expect(Buffer.from(header?.getDataHash_asU8() ?? []).toString('hex')).to.equal(
      createHash('sha256')
        .update(transaction ?? '')
        .digest('hex'),
    );
    const metadata = block.getMetadata()?.getMetadataList_asU8() ?? [];
    expect(metadata.map((slot) => Buffer.from(slot).toString('hex'))).to.deep.equal([
      '0a020a00',
      '',
      '',
      '',
      '',
    ]);
  });

  it('names the ledger by the hash of its header', () => {
    const bytes = blockOf(demo());
    const dataHash = Buffer.from(decode(bytes).block.getHeader()?.getDataHash_asU8() ?? []);
    // SEQUENCE { INTEGER 0, OCTET STRING '', OCTET STRING data hash }
    const der = Buffer.concat([Buffer.from('3027020100' + '0400' + '0420', 'hex'), dataHash]);
    expect(ledgerId(bytes)).to.equal(createHash('sha256').update(der).digest('hex'));
  });

  it('lets admins of a group change it, and starts every version at 0', () => {
    for (const one of everyGroup(decode(blockOf(demo())).channel)) {
      const values = names(one.getValuesMap()).map((name) => one.getValuesMap().get(name));
      const policies = names(one.getPoliciesMap()).map((name) => one.getPoliciesMap().get(name));
      for (const element of [one, ...values, ...policies]) {
        expect([element?.getVersion(), element?.getModPolicy()]).to.deep.equal([0, 'Admins']);
      }
    }
  });

  it('has the groups, values and capabilities of a Fabric 3 channel', () => {
    const { channel } = decode(blockOf(demo()));
    const capabilities = (of: common.ConfigGroup): string[] =>
      names(common.Capabilities.deserializeBinary(value(of, 'Capabilities')).getCapabilitiesMap());
    expect(names(channel.getGroupsMap())).to.deep.equal(['Application', 'Orderer']);
    // With V3_0 the addresses of orderers belong to organisations, never to the channel.
    expect(names(channel.getValuesMap())).to.deep.equal([
      'BlockDataHashingStructure',
      'Capabilities',
      'HashingAlgorithm',
    ]);
    expect(capabilities(channel)).to.deep.equal(['V3_0']);
    expect(capabilities(group(channel, 'Orderer'))).to.deep.equal(['V2_0']);
    expect(capabilities(group(channel, 'Application'))).to.deep.equal(['V2_5']);
    expect(names(group(channel, 'Application').getGroupsMap())).to.deep.equal(DEMO_MSPS);
    const anchors = peer.AnchorPeers.deserializeBinary(
      value(group(channel, 'Application', 'LakesideMSP'), 'AnchorPeers'),
    );
    expect(anchors.toObject()).to.deep.equal({ anchorPeersList: [{ host: '127.0.0.1', port: 7021 }] });
  });

  it('lets clients and admins write, peers endorse, and only orderers sign blocks', () => {
    const { channel } = decode(blockOf(demo()));
    const application = group(channel, 'Application');
    const riverside = group(application, 'RiversideMSP');
    expect(policy(riverside, 'Writers')).to.equal('1 of RiversideMSP.admin RiversideMSP.client');
    expect(policy(riverside, 'Readers')).to.equal(
      '1 of RiversideMSP.admin RiversideMSP.peer RiversideMSP.client',
    );
    expect(policy(riverside, 'Endorsement')).to.equal('1 of RiversideMSP.peer');
    expect(policy(riverside, 'Admins')).to.equal('1 of RiversideMSP.admin');
    expect(policy(application, 'Endorsement')).to.equal('MAJORITY Endorsement');
    expect(policy(application, 'Admins')).to.equal('MAJORITY Admins');
    const ordering = group(channel, 'Orderer');
    expect(policy(ordering, 'BlockValidation')).to.equal('ANY Writers');
    expect(policy(group(ordering, 'SentinelMSP'), 'Writers')).to.equal('1 of SentinelMSP.orderer');
  });

  it('holds what verifies an organisation, and no more of it', () => {
    const { channel } = decode(blockOf(demo()));
    const riverside = identities.organisations.find(({ name }) => name === 'riverside');
    const config = msp.MSPConfig.deserializeBinary(
      value(group(channel, 'Application', 'RiversideMSP'), 'MSP'),
    );
    const own = msp.FabricMSPConfig.deserializeBinary(config.getConfig_asU8());
    expect(own.getName()).to.equal('RiversideMSP');
    expect(own.getRootCertsList_asU8().map((pem) => Buffer.from(pem).toString())).to.deep.equal([
      riverside?.caPem,
    ]);
    expect(own.getTlsRootCertsList_asU8().map((pem) => Buffer.from(pem).toString())).to.deep.equal([
      riverside?.tlsCaPem,
    ]);
    expect(own.getFabricNodeOus()?.getEnable()).to.equal(true);
    expect(own.getFabricNodeOus()?.getOrdererOuIdentifier()?.getOrganizationalUnitIdentifier()).to.equal(
      'orderer',
    );
    expect(own.getAdminsList()).to.deep.equal([]);
    expect(own.hasSigningIdentity()).to.equal(false);
    expect(blockOf(demo()).includes('PRIVATE KEY')).to.equal(false);
  });

  it('takes size and interval of blocks from the topology', () => {
    const topology = demo(
      ['blockInterval: 100ms', 'blockInterval: 2s'],
      ['maxMessageCount: 500', 'maxMessageCount: 7'],
    );
    const ordering = group(decode(blockOf(topology)).channel, 'Orderer');
    expect(orderer.BatchTimeout.deserializeBinary(value(ordering, 'BatchTimeout')).getTimeout()).to.equal(
      '2s',
    );
    expect(orderer.BatchSize.deserializeBinary(value(ordering, 'BatchSize')).toObject()).to.deep.equal({
      maxMessageCount: 7,
      absoluteMaxBytes: 10 * 1024 * 1024,
      preferredMaxBytes: 2 * 1024 * 1024,
    });
  });

  it('has one consenter on the embedded ledger, of an organisation that keeps no records', () => {
    const ordering = group(decode(blockOf(demo())).channel, 'Orderer');
    const type = orderer.ConsensusType.deserializeBinary(value(ordering, 'ConsensusType'));
    expect([type.getType(), type.getState()]).to.deep.equal(['etcdraft', 0]);
    const consenters = orderer.etcdraft.ConfigMetadata.deserializeBinary(
      type.getMetadata_asU8(),
    ).getConsentersList();
    expect(consenters.map((one) => `${one.getHost()}:${one.getPort()}`)).to.deep.equal(['127.0.0.1:7042']);
    expect(names(ordering.getGroupsMap())).to.deep.equal(['SentinelMSP']);
    expect(orderingOrganisations(demo()).map(({ name }) => name)).to.deep.equal(['sentinel']);
  });

  it('has consenters of the first three organisations with Raft', () => {
    const ordering = group(decode(blockOf(demo(['type: embedded', 'type: raft']))).channel, 'Orderer');
    expect(names(ordering.getGroupsMap())).to.have.members(['RiversideMSP', 'LakesideMSP', 'NovacureMSP']);
    const endpoints = value(group(ordering, 'RiversideMSP'), 'Endpoints');
    expect(common.OrdererAddresses.deserializeBinary(endpoints).getAddressesList()).to.deep.equal([
      '127.0.0.1:7012',
    ]);
    const type = orderer.ConsensusType.deserializeBinary(value(ordering, 'ConsensusType'));
    const metadata = orderer.etcdraft.ConfigMetadata.deserializeBinary(type.getMetadata_asU8());
    const { tickInterval, electionTick } = metadata.getOptions()?.toObject() ?? {};
    expect([tickInterval, electionTick]).to.deep.equal(['100ms', 10]);
    const tls = identities.organisations.slice(0, 3).map((own) => own.orderer.tls.certificatePem);
    expect(
      metadata.getConsentersList().map((one) => Buffer.from(one.getServerTlsCert_asU8()).toString()),
    ).to.deep.equal(tls);
    expect(
      metadata.getConsentersList().map((one) => Buffer.from(one.getClientTlsCert_asU8()).toString()),
    ).to.deep.equal(tls);
  });

  it('wants a quorum of named consenters with BFT: 3 of 4', () => {
    const ordering = group(decode(blockOf(demo(['type: embedded', 'type: bft']))).channel, 'Orderer');
    expect(policy(ordering, 'BlockValidation')).to.equal(
      '3 of RiversideMSP LakesideMSP NovacureMSP SentinelMSP',
    );
    const mapping = common.Orderers.deserializeBinary(value(ordering, 'Orderers')).getConsenterMappingList();
    expect(mapping.map((one) => [one.getId(), one.getMspId(), one.getPort()])).to.deep.equal([
      [1, 'RiversideMSP', 7012],
      [2, 'LakesideMSP', 7022],
      [3, 'NovacureMSP', 7032],
      [4, 'SentinelMSP', 7042],
    ]);
    const type = orderer.ConsensusType.deserializeBinary(value(ordering, 'ConsensusType'));
    expect(type.getType()).to.equal('BFT');
    const options = orderer.smartbft.Options.deserializeBinary(type.getMetadata_asU8());
    expect(options.getRequestBatchMaxInterval()).to.equal('100ms');
    expect(options.getSyncOnStart()).to.equal(false);
  });

  it('derives how soon a leader is missed from one setting', () => {
    const metadataOf = (text: string): Uint8Array => {
      const ordering = group(decode(blockOf(demo(['type: embedded', text]))).channel, 'Orderer');
      return orderer.ConsensusType.deserializeBinary(value(ordering, 'ConsensusType')).getMetadata_asU8();
    };
    const timeouts = (text: string): string[] => {
      const options = orderer.smartbft.Options.deserializeBinary(metadataOf(text));
      return [
        options.getRequestForwardTimeout(),
        options.getRequestComplainTimeout(),
        options.getViewChangeResendInterval(),
        options.getViewChangeTimeout(),
        options.getLeaderHeartbeatTimeout(),
        options.getCollectTimeout(),
      ];
    };
    expect(timeouts('type: bft')).to.deep.equal(['500ms', '2s', '1s', '5s', '3s', '500ms']);
    expect(timeouts('type: bft\n  leaderTimeout: 30s')).to.deep.equal([
      '5s',
      '20s',
      '10s',
      '50s',
      '30s',
      '5s',
    ]);
    const raft = orderer.etcdraft.ConfigMetadata.deserializeBinary(
      metadataOf('type: raft\n  leaderTimeout: 2s'),
    );
    expect(raft.getOptions()?.getTickInterval()).to.equal('200ms');
  });

  it('lets nobody change who reads a collection against a member of a small consortium', () => {
    const application = group(decode(blockOf(demo())).channel, 'Application');
    expect(policy(application, 'LifecycleEndorsement')).to.equal('ALL Endorsement');
  });

  it('wants a majority with an overseer for that in a large one', async () => {
    const sponsors = ['alpha', 'beta'].map(
      (name) => `  - name: ${name}\n    mspId: ${name}MSP\n    kind: sponsor\n    displayName: ${name}\n\n`,
    );
    const large = demo(['  - name: sentinel', `${sponsors.join('')}  - name: sentinel`]);
    await makeIdentities(large, folder.path);
    const all = await loadIdentities(large, folder.path);
    const bytes = genesisBlock(large, portPlan(large), all.organisations, SEED);
    const found = group(decode(bytes).channel, 'Application')
      .getPoliciesMap()
      .get('LifecycleEndorsement')
      ?.getPolicy();
    const envelope = common.SignaturePolicyEnvelope.deserializeBinary(
      found?.getValue_asU8() ?? new Uint8Array(),
    );
    const [overseer, others] = envelope.getRule()?.getNOutOf()?.getRulesList() ?? [];
    expect(envelope.getRule()?.getNOutOf()?.getN()).to.equal(2);
    // One signature for the first rule, three more of six: four of six in all.
    expect([overseer?.getNOutOf()?.getN(), overseer?.getNOutOf()?.getRulesList().length]).to.deep.equal([
      1, 1,
    ]);
    expect([others?.getNOutOf()?.getN(), others?.getNOutOf()?.getRulesList().length]).to.deep.equal([3, 6]);
  });
});
