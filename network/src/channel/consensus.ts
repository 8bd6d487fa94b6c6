import { common, msp, orderer } from '@hyperledger/fabric-protos';
import { goDuration } from '../topology/quantities.js';
import {
  leaderTimeout,
  orderingOrganisations,
  portsOf,
  type PortPlan,
  type Topology,
} from '../topology/index.js';
import type { OrganisationMaterial } from '../identities/index.js';
import type { GroupSpec } from './config-group.js';
import { implicitMeta, nOutOf, signaturePolicy, signedBy } from './policies.js';

/** An orderer as the configuration knows it. */
export interface Consenter {
  readonly mspId: string;
  readonly host: string;
  readonly port: number;
  /** PEM of the certificate that signs blocks. */
  readonly identityPem: string;
  /** PEM of the certificate that it uses as TLS server and client. */
  readonly tlsPem: string;
}

export function consenters(
  topology: Topology,
  plan: PortPlan,
  material: readonly OrganisationMaterial[],
): readonly Consenter[] {
  return orderingOrganisations(topology).map(({ name, mspId, host }) => {
    const own = material.find((one) => one.mspId === mspId);
    if (!own) throw new RangeError(`no identities were given for ${mspId}`);
    return {
      mspId,
      host,
      port: portsOf(plan, name).orderer,
      identityPem: own.orderer.identity.certificatePem,
      tlsPem: own.orderer.tls.certificatePem,
    };
  });
}

/** What depends on the kind of ordering: the values of /Channel/Orderer and its BlockValidation policy. */
export function consensus(
  ordering: Topology['ordering'],
  nodes: readonly Consenter[],
): { readonly values: NonNullable<GroupSpec['values']>; readonly blockValidation: common.Policy } {
  const type = new orderer.ConsensusType();
  if (ordering.type !== 'bft') {
    type.setType('etcdraft');
    type.setMetadata(raftMetadata(ordering, nodes).serializeBinary());
    return { values: { ConsensusType: type }, blockValidation: implicitMeta('ANY', 'Writers') };
  }
  type.setType('BFT');
  type.setMetadata(bftOptions(ordering).serializeBinary());
  return {
    values: { ConsensusType: type, Orderers: consenterMapping(nodes) },
    blockValidation: signaturePolicy(bftBlockValidation(nodes)),
  };
}

/** A leader is missed for so many ticks; it is heard of at every one. */
const ELECTION_TICKS = 10;

function raftMetadata(
  ordering: Topology['ordering'],
  nodes: readonly Consenter[],
): orderer.etcdraft.ConfigMetadata {
  const options = new orderer.etcdraft.Options();
  options.setTickInterval(goDuration(leaderTimeout(ordering) / ELECTION_TICKS));
  options.setElectionTick(ELECTION_TICKS);
  options.setHeartbeatTick(1);
  options.setMaxInflightBlocks(5);
  options.setSnapshotIntervalSize(16 * 1_048_576);

  const metadata = new orderer.etcdraft.ConfigMetadata();
  metadata.setOptions(options);
  metadata.setConsentersList(
    nodes.map(({ host, port, tlsPem }) => {
      const consenter = new orderer.etcdraft.Consenter();
      consenter.setHost(host);
      consenter.setPort(port);
      consenter.setClientTlsCert(Buffer.from(tlsPem));
      consenter.setServerTlsCert(Buffer.from(tlsPem));
      return consenter;
    }),
  );
  return metadata;
}

/**
 * SmartBFT takes the block interval from here, not from BatchTimeout. Its many timeouts stand in the proportions that were
 * measured together: with three seconds for the leader, a dead one costs about that, and load alone never changes the view.
 * `syncOnStart` would add 24 s to the first start.
 */
function bftOptions(ordering: Topology['ordering']): orderer.smartbft.Options {
  const missed = leaderTimeout(ordering);
  const part = (of: number): string => goDuration(Math.round(missed * of));
  const options = new orderer.smartbft.Options();
  options.setRequestBatchMaxCount(ordering.maxMessageCount);
  options.setRequestBatchMaxBytes(ordering.preferredMaxBytes);
  options.setRequestBatchMaxInterval(goDuration(ordering.blockInterval));
  options.setIncomingMessageBufferSize(200);
  options.setRequestPoolSize(100_000);
  options.setRequestForwardTimeout(part(1 / 6));
  options.setRequestComplainTimeout(part(2 / 3));
  options.setRequestAutoRemoveTimeout('3m0s');
  options.setRequestMaxBytes(ordering.absoluteMaxBytes);
  options.setViewChangeResendInterval(part(1 / 3));
  options.setViewChangeTimeout(part(5 / 3));
  options.setLeaderHeartbeatTimeout(part(1));
  options.setLeaderHeartbeatCount(10);
  options.setCollectTimeout(part(1 / 6));
  options.setSyncOnStart(false);
  options.setSpeedUpViewChange(false);
  options.setLeaderRotation(orderer.smartbft.Options.Rotation.ROTATION_OFF);
  return options;
}

function consenterMapping(nodes: readonly Consenter[]): common.Orderers {
  const mapping = new common.Orderers();
  mapping.setConsenterMappingList(
    nodes.map((node, index) => {
      const consenter = new common.Consenter();
      consenter.setId(index + 1);
      consenter.setHost(node.host);
      consenter.setPort(node.port);
      consenter.setMspId(node.mspId);
      consenter.setIdentity(Buffer.from(node.identityPem));
      consenter.setClientTlsCert(Buffer.from(node.tlsPem));
      consenter.setServerTlsCert(Buffer.from(node.tlsPem));
      return consenter;
    }),
  );
  return mapping;
}

/** A quorum of the consenters in mapping order, as Fabric insists (common/policies/policy.go). */
export function bftBlockValidation(
  nodes: readonly Pick<Consenter, 'mspId' | 'identityPem'>[],
): common.SignaturePolicyEnvelope {
  const faulty = Math.floor((nodes.length - 1) / 3);
  const quorum = Math.ceil((nodes.length + faulty + 1) / 2);
  const envelope = new common.SignaturePolicyEnvelope();
  envelope.setRule(
    nOutOf(
      quorum,
      nodes.map((_, index) => signedBy(index)),
    ),
  );
  envelope.setIdentitiesList(
    nodes.map(({ mspId, identityPem }) => {
      const identity = new msp.SerializedIdentity();
      identity.setMspid(mspId);
      identity.setIdBytes(Buffer.from(identityPem));
      const principal = new msp.MSPPrincipal();
      principal.setPrincipalClassification(msp.MSPPrincipal.Classification.IDENTITY);
      principal.setPrincipal(identity.serializeBinary());
      return principal;
    }),
  );
  return envelope;
}
