import { createHash } from 'node:crypto';
import type { OrganisationMaterial, Pems, ServicesMaterial } from '../identities/index.js';
import { organisationNamed, portsOf, SHARED_HOST, type PortPlan, type Topology } from '../topology/index.js';
import { gzip, tar } from './archive.js';

/** A chaincode-as-a-service package, as `peer lifecycle chaincode install` takes it. */
export interface ChaincodePackage {
  readonly label: string;
  /** `label:hex SHA-256 of the package`: what the chaincode server registers as. */
  readonly id: string;
  /** tar.gz. A package with a client key in it is secret. */
  readonly bytes: Buffer;
}

/** How a peer reaches its chaincode server. */
export interface ChaincodeConnection {
  /** host:port */
  readonly address: string;
  /** PEM of the CA of the server's certificate. */
  readonly rootCertPem: string;
  /** What the peer shows to the server; absent where every peer shows its own. */
  readonly client?: Pems;
}

/** Where an organisation's peer finds its chaincode server on Fabric. */
export function ownConnection(
  topology: Topology,
  plan: PortPlan,
  { name, tlsCaPem, chaincode }: OrganisationMaterial,
): ChaincodeConnection {
  const { host } = organisationNamed(topology, name);
  return {
    address: `${host}:${portsOf(plan, name).chaincode}`,
    rootCertPem: tlsCaPem,
    client: chaincode.peerClientTls,
  };
}

/** Where all organisations find the one chaincode server of the embedded ledger, each with its own certificate. */
export function sharedConnection(plan: PortPlan, services: ServicesMaterial): ChaincodeConnection {
  return { address: `${SHARED_HOST}:${plan.sharedChaincode}`, rootCertPem: services.caPem };
}

/** Builds the package. The same input makes the same bytes, and so the same id. */
export function chaincodePackage(topology: Topology, connection: ChaincodeConnection): ChaincodePackage {
  const { name, version } = topology.chaincode;
  const label = `${name}_${version}`;
  const code = gzip(tar([{ name: 'connection.json', content: json(connectionFile(connection)) }]));
  const bytes = gzip(
    tar([
      { name: 'metadata.json', content: json({ path: '', type: 'ccaas', label }) },
      { name: 'code.tar.gz', content: code },
    ]),
  );
  return { label, id: `${label}:${createHash('sha256').update(bytes).digest('hex')}`, bytes };
}

/** The file that Fabric's ccaas builder releases (core/container/externalbuilder/instance.go). */
function connectionFile({ address, rootCertPem, client }: ChaincodeConnection): Record<string, unknown> {
  return {
    address,
    dial_timeout: '10s',
    tls_required: true,
    root_cert: rootCertPem,
    client_auth_required: true,
    ...(client && { client_cert: client.certificatePem, client_key: client.keyPem }),
  };
}

function json(value: unknown): Buffer {
  return Buffer.from(`${JSON.stringify(value)}\n`);
}
