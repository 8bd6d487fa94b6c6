import { readFile } from 'node:fs/promises';
import type { Organisation, Topology } from '../topology/index.js';
import { createCurveKey, createHybridKey } from './application-keys.js';
import {
  createAuthority,
  issueIdentity,
  issueTls,
  openAuthority,
  type Authority,
  type IssuedCertificate,
  type NodeRole,
} from './certificates.js';
import { isKeptElsewhere } from './elsewhere.js';
import { IdentityError } from './error.js';
import { exists, makeFolder, replaceIfDifferent, type FileContent } from './folders.js';
import {
  organisationLayout,
  servicesLayout,
  type AuthorityPaths,
  type OrganisationLayout,
} from './layout.js';
import { nodeOusConfiguration } from './node-ous.js';

/** Every process of a consortium on one machine can be reached under these. */
const LOCAL_HOSTS = ['localhost', '127.0.0.1', '::1'];

/**
 * Makes what is missing of every organisation's keys and certificates. What exists is kept, and each folder is made
 * whole or not at all; nothing is made for an organisation that keeps its keys elsewhere. Only one process may do this on a data folder at a time. Returns whether anything was made.
 */
export async function makeIdentities(
  topology: Topology,
  dataDir: string,
  now = new Date(),
): Promise<boolean> {
  // All at once: most of the time goes into waiting until files are on the disk.
  const made = await Promise.all(
    topology.organisations.map(async (organisation) => {
      if (await isKeptElsewhere(dataDir, organisation.name)) return false;
      return makeOrganisation(dataDir, organisation, now);
    }),
  );
  const madeServices = await makeServices(topology, dataDir, now);
  return madeServices || made.includes(true);
}

async function makeOrganisation(dataDir: string, organisation: Organisation, now: Date): Promise<boolean> {
  const layout = organisationLayout(dataDir, organisation.name);
  const { name } = organisation;
  await refuseOrphans(layout);
  const madeCa = await makeAuthority(layout.ca, name, `ca.${name}`, now);
  const madeTlsCa = await makeAuthority(layout.tlsCa, name, `tlsca.${name}`, now);
  const ca = await readAuthority(layout.ca);
  const tlsCa = await readAuthority(layout.tlsCa);
  const parts = organisationParts(organisation, layout, ca, tlsCa, now);
  const made = await Promise.all(parts.map(({ folder, content }) => makeFolder(folder, content)));
  return madeCa || madeTlsCa || made.includes(true);
}

/** One folder of an organisation, with all that is issued into it. */
export interface OrganisationPart {
  readonly folder: string;
  /** Issued afresh by each call. */
  readonly content: () => Promise<readonly FileContent[]>;
}

/** Everything that an organisation's two CAs issue. */
export function organisationParts(
  { name, host, extraHosts, encryptionKey }: Organisation,
  layout: OrganisationLayout,
  ca: Authority,
  tlsCa: Authority,
  now: Date,
): readonly OrganisationPart[] {
  const hosts = [...new Set([...LOCAL_HOSTS, host, ...extraHosts])];
  const identity = (commonName: string, role: NodeRole): Promise<FileContent[]> =>
    identityFiles(ca, tlsCa, commonName, role, now);
  const server = async (folder: string, commonName: string): Promise<FileContent[]> =>
    tlsFiles(folder, 'server', tlsCa, await issueTls(tlsCa, { commonName, hosts }, now));
  const client = async (folder: string, commonName: string): Promise<FileContent[]> =>
    tlsFiles(folder, 'client', tlsCa, await issueTls(tlsCa, { commonName, hosts: [] }, now));

  return [
    { folder: layout.mspDir, content: () => Promise.resolve(verifyingMsp(ca, tlsCa, '')) },
    {
      folder: layout.peer.directory,
      content: async () => [
        ...(await identity(`peer0.${name}`, 'peer')),
        ...(await server('tls', `peer0.${name}`)),
      ],
    },
    {
      folder: layout.orderer.directory,
      content: async () => [
        ...(await identity(`orderer0.${name}`, 'orderer')),
        ...(await server('tls', `orderer0.${name}`)),
      ],
    },
    {
      folder: layout.admin.directory,
      content: async () => [
        ...(await identity(`admin.${name}`, 'admin')),
        ...(await client('tls', `admin.${name}`)),
      ],
    },
    { folder: layout.gatewayClient.directory, content: () => identity(`gateway.${name}`, 'client') },
    {
      folder: layout.chaincode.directory,
      content: async () => [
        ...(await server('tls', `chaincode.${name}`)),
        ...(await client('peer-client', `peer0.${name}`)),
      ],
    },
    {
      folder: layout.gateway.directory,
      content: async () => [
        ...(await server('tls', `gateway.${name}`)),
        ...keyFiles('signing', createCurveKey('sig')),
        ...keyFiles(
          'encryption',
          encryptionKey === 'hybrid' ? await createHybridKey() : createCurveKey('enc'),
        ),
      ],
    },
  ];
}

/** A lost CA is never replaced by a new one: what it issued would stay behind, and nobody would know why it fails. */
async function refuseOrphans(layout: OrganisationLayout): Promise<void> {
  const issued = [
    layout.mspDir,
    layout.peer,
    layout.orderer,
    layout.admin,
    layout.gatewayClient,
    layout.gateway,
  ];
  for (const part of issued) {
    const folder = typeof part === 'string' ? part : part.directory;
    if (!(await exists(folder))) continue;
    for (const authority of [layout.ca, layout.tlsCa]) {
      if (await exists(authority.directory)) continue;
      throw new IdentityError(
        `${authority.directory} is missing although ${folder} was issued by it; restore it from a backup`,
      );
    }
  }
}

async function makeServices(topology: Topology, dataDir: string, now: Date): Promise<boolean> {
  const layout = servicesLayout(dataDir);
  const madeCa = await makeAuthority(layout.ca, 'consent-ledger', 'services', now);
  const ca = await readAuthority(layout.ca);
  const server = async (commonName: string): Promise<FileContent[]> =>
    tlsFiles('tls', 'server', ca, await issueTls(ca, { commonName, hosts: LOCAL_HOSTS }, now));
  const madeIssuer = await makeFolder(layout.issuer.directory, () => server('issuer'));
  const clientCas = topology.organisations.map(({ name }) =>
    readFile(organisationLayout(dataDir, name).tlsCa.certificate, 'utf8'),
  );
  const content = (await Promise.all(clientCas)).join('');
  const madeChaincode = await makeFolder(layout.chaincode.directory, async () => [
    ...(await server('chaincode')),
    { path: 'tls/client-cas.crt', content },
  ]);
  // Whose peers may connect changes with who is a member.
  await replaceIfDifferent(layout.chaincode.clientCas, content);
  return madeCa || madeIssuer || madeChaincode;
}

function makeAuthority(
  paths: AuthorityPaths,
  organization: string,
  name: string,
  now: Date,
): Promise<boolean> {
  return makeFolder(paths.directory, async () => {
    const { certificatePem, keyPem } = await createAuthority(organization, name, now);
    return [
      { path: 'ca.crt', content: certificatePem },
      { path: 'ca.key', content: keyPem, secret: true },
    ];
  });
}

export async function readAuthority(paths: AuthorityPaths): Promise<Authority> {
  const [certificatePem, keyPem] = await Promise.all([
    readFile(paths.certificate, 'utf8'),
    readFile(paths.key, 'utf8'),
  ]);
  return openAuthority({ certificatePem, keyPem });
}

function verifyingMsp(ca: Authority, tlsCa: Authority, folder: string): FileContent[] {
  return [
    { path: `${folder}cacerts/ca.pem`, content: ca.certificatePem },
    { path: `${folder}tlscacerts/tlsca.pem`, content: tlsCa.certificatePem },
    { path: `${folder}config.yaml`, content: nodeOusConfiguration() },
  ];
}

async function identityFiles(
  ca: Authority,
  tlsCa: Authority,
  commonName: string,
  role: NodeRole,
  now: Date,
): Promise<FileContent[]> {
  const { certificatePem, keyPem } = await issueIdentity(ca, { commonName, role }, now);
  return [
    ...verifyingMsp(ca, tlsCa, 'msp/'),
    { path: 'msp/signcerts/cert.pem', content: certificatePem },
    { path: 'msp/keystore/key.pem', content: keyPem, secret: true },
  ];
}

function tlsFiles(
  folder: string,
  side: 'server' | 'client',
  ca: Authority,
  { certificatePem, keyPem }: IssuedCertificate,
): FileContent[] {
  return [
    { path: `${folder}/ca.crt`, content: ca.certificatePem },
    { path: `${folder}/${side}.crt`, content: certificatePem },
    { path: `${folder}/${side}.key`, content: keyPem, secret: true },
  ];
}

function keyFiles(
  name: string,
  { privateJwk, publicJwk }: { privateJwk: object; publicJwk: object },
): FileContent[] {
  return [
    { path: `keys/${name}.private.json`, content: `${JSON.stringify(privateJwk)}\n`, secret: true },
    { path: `keys/${name}.public.json`, content: `${JSON.stringify(publicJwk)}\n` },
  ];
}
