import type { common } from '@hyperledger/fabric-protos';
import { findProcess } from '../../fabric/managed-process.js';
import { nodeLayout } from '../../fabric/node-layout.js';
import { orderingOrganisations, portsOf, type Organisation } from '../../topology/index.js';
import { consentersOf, orderingTypeOf, toleratedFaults } from '../config/consenters.js';
import { ordererEndpoints, peerEndpoints, viewOf } from '../ledger/channel-view.js';
import { metrics } from '../ledger/started-at.js';
import { actingOrganisation, signatoryOf, type Site } from '../site.js';
import { certificatesOf, type CertificateStatus } from './certificates.js';

/** A peer or orderer as it is seen from here. */
export interface NodeStatus {
  readonly address: string;
  /** Process id, where it was started from this data folder. */
  readonly pid?: number;
  /** Number of blocks; absent when it does not answer. */
  readonly height?: number;
  /** Blocks that the highest of its kind has and it has not. */
  readonly lag?: number;
}

export interface OrganisationStatus {
  readonly name: string;
  readonly mspId: string;
  readonly peer: NodeStatus;
  /** Absent for an organisation that does not order. */
  readonly orderer?: NodeStatus & { readonly leads: boolean };
  /** Process id of its chaincode server, where it was started from this data folder. */
  readonly chaincode?: { readonly pid?: number };
  readonly certificates: readonly CertificateStatus[];
}

/** The consortium's Fabric, as far as it can be seen with the keys that are here. */
export interface NetworkStatus {
  readonly channel: string;
  readonly ordering: {
    readonly type: 'bft' | 'raft';
    /** Orderers that make blocks. */
    readonly orderers: number;
    /** How many of them may fail. */
    readonly tolerates: number;
    /** How many do not answer, or are not level with the others. */
    readonly failing: number;
    /** Name of the organisation whose orderer leads; absent when nobody says so. */
    readonly leader?: string;
  };
  readonly organisations: readonly OrganisationStatus[];
}

/** One is not behind that has all but a block or two, which are always on their way. */
const NEARLY = 3;

/** Asks every peer and orderer. @throws Error when no orderer gives the channel's configuration */
export async function networkStatus(site: Site, now = new Date()): Promise<NetworkStatus> {
  const reader = await signatoryOf(site, actingOrganisation(site));
  const ordering = viewOf('orderers', site, await ordererEndpoints(site), reader);
  const peers = viewOf('peers', site, await peerEndpoints(site), reader);
  try {
    const [{ group }, peerHeights, ordererHeights] = await Promise.all([
      ordering.configuration(),
      peers.heights(),
      ordering.heights(),
    ]);
    const leader = await leaderOf(site, group);
    const level = (heights: Heights): number =>
      Math.max(0, ...[...heights.values()].map((each) => each ?? 0));
    const behind = [...ordererHeights.values()].filter(
      (height) => height === undefined || height < level(ordererHeights) - NEARLY,
    );
    const count = consentersOf(group).length;
    const type = orderingTypeOf(group);
    return {
      channel: site.topology.channel,
      ordering: {
        type,
        orderers: count,
        tolerates: toleratedFaults(type, count),
        failing: behind.length,
        ...(leader === undefined ? {} : { leader }),
      },
      organisations: await Promise.all(
        site.topology.organisations.map(async (organisation) =>
          organisationStatus(site, organisation, { peerHeights, ordererHeights, leader, now }),
        ),
      ),
    };
  } finally {
    ordering.close();
    peers.close();
  }
}

type Heights = ReadonlyMap<string, number | undefined>;

interface Seen {
  readonly peerHeights: Heights;
  readonly ordererHeights: Heights;
  readonly leader: string | undefined;
  readonly now: Date;
}

async function organisationStatus(
  site: Site,
  { name, mspId, host }: Organisation,
  { peerHeights, ordererHeights, leader, now }: Seen,
): Promise<OrganisationStatus> {
  const ports = portsOf(site.plan, name);
  const node = async (kind: 'peer' | 'orderer', heights: Heights): Promise<NodeStatus> => {
    const height = heights.get(`${kind} of ${name}`);
    const highest = Math.max(0, ...[...heights.values()].map((each) => each ?? 0));
    return {
      address: `${host}:${ports[kind]}`,
      ...(await pidOf(site, name, kind)),
      ...(height === undefined ? {} : { height, lag: highest - height }),
    };
  };
  const orders = orderingOrganisations(site.topology).some((each) => each.name === name);
  return {
    name,
    mspId,
    peer: await node('peer', peerHeights),
    ...(orders ? { orderer: { ...(await node('orderer', ordererHeights)), leads: leader === name } } : {}),
    chaincode: await pidOf(site, name, 'chaincode'),
    certificates: await certificatesOf(site.dataDir, name, now),
  };
}

async function pidOf(site: Site, name: string, kind: string): Promise<{ readonly pid?: number }> {
  const { runFolder, logFolder } = nodeLayout(site.dataDir, name);
  const found = await findProcess({ name: `${kind}-${name}`, runFolder, logFolder });
  return found === undefined ? {} : { pid: found.pid };
}

/** What the orderers' own metrics say of who leads, by the majority of those that can be asked from here. */
async function leaderOf(site: Site, group: common.ConfigGroup): Promise<string | undefined> {
  const organisations = orderingOrganisations(site.topology);
  const nameOf = (id: number): string | undefined => {
    const leader = consentersOf(group).find((each) => each.id === id);
    return organisations.find(
      ({ name, host }) => host === leader?.host && portsOf(site.plan, name).orderer === leader.port,
    )?.name;
  };
  const label = `{channel="${site.topology.channel}"}`;
  const votes = await Promise.all(
    organisations.map(async ({ name }) => {
      try {
        const said = await metrics(portsOf(site.plan, name).ordererOperations);
        if (said.get(`consensus_etcdraft_is_leader${label}`) === 1) return name;
        const id = said.get(`consensus_BFT_leader_id${label}`);
        return id === undefined ? undefined : nameOf(id);
      } catch {
        return undefined; // on another machine, or down
      }
    }),
  );
  return mostFrequent(votes.filter((vote) => vote !== undefined));
}

function mostFrequent(votes: readonly string[]): string | undefined {
  const counts = new Map<string, number>();
  for (const vote of votes) counts.set(vote, (counts.get(vote) ?? 0) + 1);
  return [...counts].sort(([, one], [, other]) => other - one)[0]?.[0];
}
