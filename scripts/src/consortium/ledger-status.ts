import {
  certificatesOf,
  networkStatus,
  openSite,
  type CertificateStatus,
  type NetworkStatus,
} from '@consent-ledger/network';
import type { Consortium } from './consortium.js';
import { CHAINCODE_SCRIPT } from './processes.js';

/** From so many days on, new certificates should be issued. */
const SOON_DAYS = 60;

export interface MemberCertificates {
  /** Short name of the member. */
  readonly member: string;
  /** Those that expire first in front. */
  readonly certificates: readonly CertificateStatus[];
}

/** Peers and orderers, on Fabric; undefined with the reason where nobody answers. */
export async function ledgerStatus(
  consortium: Consortium,
): Promise<{ readonly network?: NetworkStatus; readonly trouble?: string }> {
  const { ledger, topology, plan, dataDir } = consortium;
  if (ledger === 'embedded') return {};
  try {
    const site = openSite({ topology, plan, dataDir, chaincodeScript: CHAINCODE_SCRIPT });
    return { network: await networkStatus(site) };
  } catch (error) {
    return { trouble: error instanceof Error ? error.message : String(error) };
  }
}

export async function certificateStatus({ dataDir, topology }: Consortium): Promise<MemberCertificates[]> {
  return Promise.all(
    topology.organisations.map(async ({ name }) => ({
      member: name,
      certificates: await certificatesOf(dataDir, name),
    })),
  );
}

/** What somebody should look after, a line each. */
export function warningsOf(
  network: NetworkStatus | undefined,
  members: readonly MemberCertificates[],
): string[] {
  return [...networkWarnings(network), ...members.flatMap(certificateWarnings)];
}

function networkWarnings(network: NetworkStatus | undefined): string[] {
  if (network === undefined) return [];
  const { failing, tolerates, orderers } = network.ordering;
  const silent = network.organisations.flatMap(({ name, peer, orderer }) => [
    ...(peer.height === undefined ? [`the peer of ${name} does not answer at ${peer.address}`] : []),
    ...(orderer !== undefined && orderer.height === undefined
      ? [`the orderer of ${name} does not answer at ${orderer.address}`]
      : []),
  ]);
  if (failing === 0) return silent;
  const state = failing > tolerates ? 'nothing can be ordered' : 'ordering goes on';
  return [
    ...silent,
    `${failing} of ${orderers} orderers fail or are behind, and at most ${tolerates} may: ${state}`,
  ];
}

function certificateWarnings({ member, certificates }: MemberCertificates): string[] {
  return certificates
    .filter(({ days }) => days < SOON_DAYS)
    .map(({ part, use, days }) => {
      const when = days < 0 ? `has expired ${-days} days ago` : `expires in ${days} days`;
      const what =
        part === 'ca' || part === 'tlsca'
          ? 'see docs/operations.md on the end of a CA'
          : `\`consent-ledger certificate rotate ${part} --member ${member}\``;
      return `the ${use} certificate of ${member}'s ${part} ${when}: ${what}`;
    });
}
