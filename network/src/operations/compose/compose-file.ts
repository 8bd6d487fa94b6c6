import { mkdir } from 'node:fs/promises';
import { stringify } from 'yaml';
import { writeTlsCas } from '../../fabric/tls-cas.js';
import { isKeptElsewhere } from '../../identities/index.js';
import { orderingOrganisations } from '../../topology/index.js';
import { nodeOf, type Site } from '../site.js';
import {
  chaincodeContainer,
  FABRIC_IN_IMAGE,
  gatewayContainer,
  issuerContainer,
  joinContainer,
  ordererContainer,
  peerContainer,
  type Container,
  type Installation,
} from './services.js';

/** Whose files the containers write, and as whom they run. */
export interface User {
  readonly uid: number;
  readonly gid: number;
}

/** Makes what containers mount, so that the engine does not make it as root. */
export async function prepareMounts(site: Site, containers: readonly Container[]): Promise<void> {
  await writeTlsCas(site.dataDir, site.topology);
  for (const folder of containers.flatMap(({ writes }) => writes)) {
    await mkdir(folder, { recursive: true, mode: 0o700 });
  }
}

/** All containers of the organisations whose keys are in the data folder. */
export async function containersOf(site: Site, installation: Installation): Promise<Container[]> {
  // The images bring the release; what is installed on this machine, if anything is, does not matter.
  const inImage: Site = { ...site, home: () => Promise.resolve(FABRIC_IN_IMAGE) };
  const ordering = orderingOrganisations(site.topology);
  const containers: Container[] = [];
  let needsIssuer = false;
  for (const organisation of site.topology.organisations) {
    const { name, tokens } = organisation;
    if (await isKeptElsewhere(site.dataDir, name)) continue;
    const node = await nodeOf(inImage, name);
    if (ordering.includes(organisation)) containers.push(ordererContainer(node));
    containers.push(
      peerContainer(node),
      await chaincodeContainer(site, installation, name),
      gatewayContainer(site, installation, node),
    );
    needsIssuer ||= tokens.issuer === undefined;
  }
  return [
    ...containers,
    ...(needsIssuer ? [issuerContainer(site, installation)] : []),
    joinContainer(site, installation),
  ];
}

/** The file that `docker compose` takes. */
export function composeFile(site: Site, containers: readonly Container[], user: User): string {
  const services = Object.fromEntries(
    containers.map((container) => [
      container.name,
      service(container, user, dependencies(container, containers)),
    ]),
  );
  return (
    HEAD +
    stringify(
      { name: `consent-ledger-${site.topology.channel}`, services },
      // Engines' parsers know YAML 1.1 too, where an unquoted 0:0 is a number.
      { lineWidth: 0, version: '1.1' },
    )
  );
}

const HEAD = `# Written by \`consent-ledger compose\` from the consortium's topology; write it again rather than change it.
# Containers use the host's network and the data folder at its own path, so that addresses, ports and files are those of
# \`consent-ledger up\`, and every command works on either. Nothing secret is in this file: keys are files of the data folder.
`;

function dependencies({ once }: Container, all: readonly Container[]): readonly string[] {
  return once === true ? all.filter((each) => each.once === undefined).map(({ name }) => name) : [];
}

function service(
  container: Container,
  { uid, gid }: User,
  dependsOn: readonly string[],
): Record<string, unknown> {
  const { image, command, environment, reads, writes, listens, once } = container;
  return {
    image,
    command,
    ...(Object.keys(environment).length > 0 && { environment }),
    ...(dependsOn.length > 0 && { depends_on: dependsOn }),
    network_mode: 'host',
    user: `${uid}:${gid}`,
    restart: once === true ? 'on-failure' : 'unless-stopped',
    stop_grace_period: '40s',
    init: true,
    read_only: true,
    tmpfs: ['/tmp'],
    cap_drop: ['ALL'],
    security_opt: ['no-new-privileges:true'],
    volumes: [
      ...withoutInner(reads).map((source) => mount(source, true)),
      ...writes.map((source) => mount(source, false)),
    ],
    logging: { driver: 'json-file', options: { 'max-size': '8m', 'max-file': '2' } },
    ...(listens.length > 0 && { labels: { 'consent-ledger.listens': listens.join(' ') } }),
  };
}

function mount(source: string, readOnly: boolean): Record<string, unknown> {
  return {
    type: 'bind',
    source,
    target: source,
    ...(readOnly && { read_only: true }),
    bind: { create_host_path: false },
  };
}

/** What lies in another that is mounted is there already. */
function withoutInner(paths: readonly string[]): string[] {
  return [...new Set(paths)].filter(
    (path) => !paths.some((other) => other !== path && path.startsWith(`${other}/`)),
  );
}
