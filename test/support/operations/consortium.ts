import { mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import {
  consortiumChaincode,
  consortiumChaincodeProcess,
  findFabricHome,
  listeners,
  openSite,
  parseTopology,
  portPlan,
  prepareConsortium,
  startFabric,
  type RunningFabric,
  type Site,
  type Topology,
} from '@consent-ledger/network';
import { PROBE_FUNCTION } from '../ledger/probe-chaincode/operations.js';

export const CHAINCODE_SCRIPT = fileURLToPath(new URL('chaincode-server.js', import.meta.url));
export const READINESS = [PROBE_FUNCTION, '[]'] as const;

/** A consortium of real Fabric processes for one test file. */
export interface RunningConsortium {
  readonly fabric: RunningFabric;
  readonly site: Site;
  readonly dataDir: string;
  stop(): Promise<void>;
}

export const MEMBERS = ['riverside', 'lakeside', 'novacure', 'sentinel'] as const;
const KINDS = ['hospital', 'hospital', 'sponsor', 'auditor'] as const;

export function mspIdOf(name: string): string {
  return `${name.charAt(0).toUpperCase()}${name.slice(1)}MSP`;
}

export function operationsTopology(ordering: 'raft' | 'bft'): Topology {
  const organisations = MEMBERS.map((name, index) => ({
    name,
    mspId: mspIdOf(name),
    kind: KINDS[index],
    displayName: name,
  }));
  const document = {
    topology: 1,
    chaincode: { name: 'probe', version: '1' },
    ordering: { type: ordering, blockInterval: '50ms' },
    organisations,
  };
  // JSON is YAML.
  return parseTopology(JSON.stringify(document), 'operations.yaml');
}

/** Starts all of it on free ports. FABRIC_HOME must be set. */
export async function startConsortium(topology: Topology): Promise<RunningConsortium> {
  const plan = portPlan(topology, await freePorts(topology));
  const dataDir = await mkdtemp(path.join(tmpdir(), 'operations-suite-'));
  const prepared = await prepareConsortium(topology, plan, dataDir);
  await findFabricHome();
  const deployment = { ...consortiumChaincode(topology, prepared), readiness: READINESS };
  const logging = 'warning';
  const fabric = await startFabric({
    topology,
    plan,
    dataDir,
    prepared,
    chaincodes: [deployment],
    chaincodeProcess: (name) => consortiumChaincodeProcess(prepared, name, CHAINCODE_SCRIPT),
    logging,
  });
  const site = openSite({
    topology,
    plan,
    dataDir,
    readiness: { chaincode: topology.chaincode.name, call: READINESS },
    chaincodeScript: CHAINCODE_SCRIPT,
    logging,
    outlivesUs: false,
  });
  return {
    fabric,
    site,
    dataDir,
    stop: async () => {
      await fabric.stop();
      await rm(dataDir, { recursive: true, force: true });
    },
  };
}

/** A port base whose plan, with room for one more member, is free at the moment. */
async function freePorts(topology: Topology): Promise<number> {
  for (let attempt = 0; attempt < 50; attempt++) {
    // Below those that the system gives to connections.
    const base = 30_000 + 100 * Math.floor(Math.random() * 26);
    const wanted = listeners(portPlan(topology, base)).map(({ port }) => port);
    if ((await Promise.all(wanted.map(isFree))).every(Boolean)) return base;
  }
  throw new Error('found no free range of ports');
}

function isFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', () => {
      resolve(false);
    });
    server.listen(port, '127.0.0.1', () => {
      server.close(() => {
        resolve(true);
      });
    });
  });
}
