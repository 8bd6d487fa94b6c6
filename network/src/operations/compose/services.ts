import path from 'node:path';
import { OPERATIONS_HOST, type NodeFiles } from '../../fabric/fabric-node.js';
import type { FabricHome } from '../../fabric/fabric-home.js';
import type { ProcessSpec } from '../../fabric/managed-process.js';
import { ordererProcess } from '../../fabric/orderer-process.js';
import { peerProcess } from '../../fabric/peer-process.js';
import { dataLayout, memberLayout, organisationLayout, servicesLayout } from '../../identities/index.js';
import { filesOf, recordFilesOf, SHARED_HOST } from '../../topology/index.js';
import { wantedServer } from '../chaincode/server-switch.js';
import type { Site } from '../site.js';

/** The release that the images hold, at the places where they have it. */
export const FABRIC_VERSION = '3.1.5';
export const FABRIC_IN_IMAGE: FabricHome = {
  root: '/',
  version: FABRIC_VERSION,
  peer: 'peer',
  orderer: 'orderer',
  ccaasBuilder: '/opt/hyperledger/ccaas_builder',
  config: '/etc/hyperledger/fabric',
};

/** What runs this installation's own programs. */
export interface Installation {
  /** Absolute; mounted at the same place. */
  readonly root: string;
  /** Such as `node:24.21.0-bookworm-slim`. */
  readonly nodeImage: string;
  readonly scripts: {
    readonly chaincode: string;
    readonly gateway: string;
    readonly issuer: string;
    readonly cli: string;
  };
}

/** A container, before it is written down. Everything lies at the same path inside as outside. */
export interface Container {
  readonly name: string;
  readonly image: string;
  readonly command: readonly string[];
  readonly environment: Readonly<Record<string, string>>;
  /** Files and folders that it reads. */
  readonly reads: readonly string[];
  /** Folders that it keeps its data in. */
  readonly writes: readonly string[];
  /** `host:port`, for people and for tests: with the host's network there is nothing to publish. */
  readonly listens: readonly string[];
  /** Runs once, and again until it succeeds. */
  readonly once?: true;
}

export function ordererContainer(node: NodeFiles): Container {
  const { organisation, ports, material } = node;
  const { orderer, tlsCa } = material.paths;
  return {
    ...fabricContainer(ordererProcess(node), 'orderer'),
    reads: [orderer.directory, tlsCa.certificate],
    writes: [node.layout.ordererData],
    listens: [
      `${organisation.listen}:${ports.orderer}`,
      `${organisation.listen}:${ports.ordererAdmin}`,
      `${OPERATIONS_HOST}:${ports.ordererOperations}`,
    ],
  };
}

export function peerContainer(node: NodeFiles): Container {
  const { organisation, ports, material } = node;
  return {
    ...fabricContainer(peerProcess(node), 'peer'),
    reads: [material.paths.peer.directory, node.tlsCas],
    writes: [node.layout.peerData],
    listens: [
      `${organisation.listen}:${ports.peer}`,
      `${OPERATIONS_HOST}:${ports.peerChaincode}`,
      `${OPERATIONS_HOST}:${ports.peerOperations}`,
    ],
  };
}

function fabricContainer(
  { name, command, args, env }: ProcessSpec,
  kind: 'peer' | 'orderer',
): Pick<Container, 'name' | 'image' | 'command' | 'environment'> {
  return {
    name,
    image: `hyperledger/fabric-${kind}:${FABRIC_VERSION}`,
    command: [command, ...args],
    environment: env,
  };
}

export async function chaincodeContainer(
  site: Site,
  installation: Installation,
  name: string,
): Promise<Container> {
  const { environment } = await wantedServer(site, name);
  const { chaincode, tlsCa } = organisationLayout(site.dataDir, name);
  return {
    ...nodeContainer(installation, `chaincode-${name}`, [installation.scripts.chaincode]),
    environment: { ...environment },
    reads: [installation.root, chaincode.tls.directory, tlsCa.certificate],
    writes: [],
    listens: [environment.CHAINCODE_SERVER_ADDRESS],
  };
}

export function gatewayContainer(
  site: Site,
  installation: Installation,
  {
    organisation: {
      name,
      listen,
      tokens,
      labelTable,
      qualityTable,
      notifications,
      studyAlerts,
      studyProfiles = [],
      records,
      keyStore,
    },
    ports,
  }: Pick<NodeFiles, 'organisation' | 'ports'>,
): Container {
  const own = organisationLayout(site.dataDir, name);
  const { configuration, data } = memberLayout(site.dataDir, name);
  const cas = site.topology.organisations.map(
    (each) => organisationLayout(site.dataDir, each.name).tlsCa.certificate,
  );
  const issuerCa = tokens.issuer === undefined ? servicesLayout(site.dataDir).ca.certificate : tokens.caFile;
  return {
    ...nodeContainer(installation, `gateway-${name}`, [installation.scripts.gateway, configuration]),
    environment: {},
    reads: [
      installation.root,
      configuration,
      own.gateway.directory,
      own.gatewayClient.directory,
      own.admin.directory,
      ...cas,
      ...(issuerCa === undefined ? [] : [issuerCa]),
      ...(labelTable === undefined ? [] : [labelTable]),
      ...(qualityTable === undefined ? [] : [qualityTable]),
      ...studyProfiles,
      ...(notifications === undefined ? [] : filesOf(notifications)),
      ...(studyAlerts?.caFile === undefined ? [] : [studyAlerts.caFile]),
      ...(records === undefined ? [] : recordFilesOf(records)),
      ...(keyStore === undefined ? [] : [keyStore.pkcs11.pinFile, keyStore.pkcs11.library]),
    ],
    writes: [data],
    listens: [`${listen}:${ports.gateway}`],
  };
}

/** The demo's, for members that have none of their own. */
export function issuerContainer(site: Site, installation: Installation): Container {
  const { issuer, directory } = {
    ...servicesLayout(site.dataDir),
    directory: dataLayout(site.dataDir).services,
  };
  const configuration = path.join(directory, 'issuer.json');
  return {
    ...nodeContainer(installation, 'issuer', [installation.scripts.issuer, configuration]),
    environment: {},
    reads: [installation.root, configuration, issuer.tls.directory],
    writes: [],
    listens: [`${SHARED_HOST}:${site.plan.issuer}`],
  };
}

/** Lets peers and orderers into the channel, once they run. */
export function joinContainer(site: Site, installation: Installation): Container {
  const { root, record, organisations, channel, run } = dataLayout(site.dataDir);
  return {
    ...nodeContainer(installation, 'join', [installation.scripts.cli, 'join', '--data-dir', root]),
    environment: {},
    reads: [installation.root, record, organisations, channel],
    writes: [run],
    listens: [],
    once: true,
  };
}

function nodeContainer(
  { nodeImage }: Installation,
  name: string,
  args: readonly string[],
): Pick<Container, 'name' | 'image' | 'command'> {
  return { name, image: nodeImage, command: ['node', ...args] };
}
