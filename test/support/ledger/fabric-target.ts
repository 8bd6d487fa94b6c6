import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import {
  chaincodePackage,
  ownConnection,
  portPlan,
  portsOf,
  startFabric,
  type ChaincodeDeployment,
  type ChaincodePackage,
  type OrganisationMaterial,
  type PortPlan,
  type PreparedConsortium,
  type Topology,
} from '@consent-ledger/network';
import { freePortBase } from './free-port-base.js';
import { organisationOf } from './organisation.js';
import { prepareSuite } from './prepared.js';
import { PROBE_FUNCTION } from './probe-chaincode/operations.js';
import { PROBE_SCRIPT, probeEnvironment } from './probe-chaincode/servers.js';
import { otherDefinition, probeDefinition } from './probe-definition.js';
import type { LedgerTarget, RunningLedger } from './target.js';
import { suiteTopology } from './topology.js';

/** The official release that FABRIC_HOME names, native, with the ordering of that kind. */
export function fabricTarget(ordering: 'raft' | 'bft'): LedgerTarget {
  return { name: `Fabric (${ordering})`, start: () => start(ordering) };
}

async function start(ordering: 'raft' | 'bft'): Promise<RunningLedger> {
  const topology = suiteTopology(ordering);
  const plan = portPlan(topology, await freePortBase(topology));
  const dataDir = await mkdtemp(path.join(tmpdir(), 'ledger-suite-'));
  const { prepared, revoked } = await prepareSuite(topology, plan, dataDir);
  const materials = prepared.identities.organisations;
  const mspIds = materials.map(({ mspId }) => mspId);
  const probe = deployment(probeDefinition(mspIds), topology, plan, prepared, 'chaincode');
  const other = deployment(otherDefinition(mspIds), topology, plan, prepared, 'gateway');

  const fabric = await startFabric({
    topology,
    plan,
    dataDir,
    prepared,
    chaincodes: [probe, other],
    logging: process.env['FABRIC_LOGGING_SPEC'] ?? 'warning',
    chaincodeProcess: (name) => {
      const material = materials.find((each) => each.name === name);
      if (material === undefined) throw new RangeError(`no organisation is called ${name}`);
      const ports = portsOf(plan, name);
      const { tls } = material.paths.chaincode;
      const server = (packages: ReadonlyMap<string, ChaincodePackage>, port: number) => ({
        ccid: packages.get(name)?.id ?? '',
        address: `127.0.0.1:${port}`,
        tls: { key: tls.key, certificate: tls.certificate, clientCa: material.paths.tlsCa.certificate },
      });
      return {
        command: process.execPath,
        args: [PROBE_SCRIPT],
        env: probeEnvironment(material.mspId, [
          server(probe.packages, ports.chaincode),
          server(other.packages, ports.gateway),
        ]),
      };
    },
  });
  return {
    channel: topology.channel,
    chaincode: probe.definition.name,
    otherChaincode: other.definition.name,
    organisations: fabric.organisations.map(({ node, chaincode }) =>
      organisationOf(node.material, `127.0.0.1:${node.ports.peer}`, {
        ...(revoked.mspId === node.material.mspId ? { revoked } : {}),
        probePackage: probe.packages.get(node.organisation.name)?.id ?? '',
        killChaincode: () => chaincode.kill(),
        startChaincode: () => chaincode.start(),
      }),
    ),
    orderers: fabric.organisations.map(({ node }) => ({
      endpoint: `127.0.0.1:${node.ports.orderer}`,
      tlsCa: Buffer.from(node.material.tlsCaPem),
    })),
    lacks: new Set(),
    ordersByQuorum: ordering === 'bft',
    upgradeChaincode: () => fabric.commitNext(probe.definition.name),
    stop: async () => {
      await fabric.stop();
      await rm(dataDir, { recursive: true, force: true });
    },
  };
}

/** Each of the two chaincodes needs a port of its own; gateways do not run here. */
function deployment(
  definition: ChaincodeDeployment['definition'],
  topology: Topology,
  plan: PortPlan,
  prepared: PreparedConsortium,
  port: 'chaincode' | 'gateway',
): ChaincodeDeployment {
  const named = { ...topology, chaincode: { name: definition.name, version: definition.version } };
  const packageFor = (material: OrganisationMaterial): ChaincodePackage => {
    const address = `127.0.0.1:${portsOf(plan, material.name)[port]}`;
    return chaincodePackage(named, { ...ownConnection(topology, plan, material), address });
  };
  return {
    definition,
    packages: new Map(prepared.identities.organisations.map((each) => [each.name, packageFor(each)])),
    readiness: [PROBE_FUNCTION, '[]'],
  };
}
