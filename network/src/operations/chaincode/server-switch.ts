import { chaincodeProcess } from '../../fabric/chaincode-deployment.js';
import { ownChaincodeServer, sharedChaincodeServer, type ChaincodeServer } from '../../channel/index.js';
import {
  findProcess,
  findSameProcess,
  renameProcess,
  startProcess,
  type ProcessSpec,
} from '../../fabric/managed-process.js';
import { besideIt } from '../../fabric/organisation-nodes.js';
import { loadOrganisation, loadServices } from '../../identities/index.js';
import { listeners, organisationNamed, type PortPlan, type Topology } from '../../topology/index.js';
import { isEmbedded } from '../embedded-steps.js';
import { nodeOf, type Site } from '../site.js';

/*
 * A chaincode server answers to one package id. While peers still ask for the old one, the new server runs beside it
 * on the organisation's other chaincode port; once the channel has the new definition, the old server ends. So there
 * is no moment at which an organisation cannot endorse.
 */

/** The second port of an organisation's chaincode servers lies this far above the derived one. */
const OTHER_PORT = 5;

/** The organisation's chaincode port that is not in use: the derived one, or the one five above. */
export function otherChaincodePort(topology: Topology, plan: PortPlan, name: string): number {
  const index = topology.organisations.findIndex((organisation) => organisation.name === name);
  const derived = plan.portBase + 10 * (index + 1) + 3;
  const taken = new Set(listeners(plan).map(({ port }) => port));
  const free = [derived, derived + OTHER_PORT].find((port) => !taken.has(port));
  if (free === undefined) throw new RangeError(`${name} has no second port for a chaincode server`);
  return free;
}

/** The organisation's chaincode server as the topology wants it; on the embedded ledger it is the one of all. */
export async function wantedServer(site: Site, name: string): Promise<ChaincodeServer> {
  if (isEmbedded(site)) {
    return sharedChaincodeServer(site.topology, site.plan, await loadServices(site.dataDir));
  }
  const material = await loadOrganisation(site.dataDir, organisationNamed(site.topology, name));
  return ownChaincodeServer(site.topology, site.plan, material);
}

async function specOf(site: Site, name: string): Promise<ProcessSpec> {
  const { layout, outlivesUs } = await nodeOf(site, name);
  return {
    name: `chaincode-${name}`,
    ...chaincodeProcess(site.chaincodeScript, await wantedServer(site, name)),
    workingFolder: layout.runFolder,
    runFolder: layout.runFolder,
    logFolder: layout.logFolder,
    outlivesUs,
  };
}

/** Whether the wanted server runs, in the place of the old one or beside it. */
export async function isServerRunning(site: Site, name: string): Promise<boolean> {
  const spec = await specOf(site, name);
  return ((await findSameProcess(spec)) ?? (await findSameProcess(besideIt(spec)))) !== undefined;
}

/** Starts the wanted server beside the old one, or alone where none runs. */
export async function startBeside(site: Site, name: string): Promise<void> {
  const spec = await specOf(site, name);
  await startProcess((await findProcess(spec)) === undefined ? spec : besideIt(spec));
}

/** Starts the wanted server in the place of the one that runs. */
export async function replaceServer(site: Site, name: string): Promise<void> {
  await startProcess(await specOf(site, name));
}

/** Whether the wanted server is the only one. */
export async function isSwitched(site: Site, name: string): Promise<boolean> {
  const spec = await specOf(site, name);
  return (await findProcess(besideIt(spec))) === undefined && (await findSameProcess(spec)) !== undefined;
}

/** Whether the present server runs alone, or with the next one beside it that is wanted. */
export async function isFreeFor(present: Site, next: Site, name: string): Promise<boolean> {
  const spec = await specOf(present, name);
  if ((await findSameProcess(spec)) === undefined) return false;
  const other = await findProcess(besideIt(spec));
  return (
    other === undefined || other.pid === (await findSameProcess(besideIt(await specOf(next, name))))?.pid
  );
}

/** Ends the old server and lets the new one have its name. */
export async function endOldServer(site: Site, name: string): Promise<void> {
  const spec = await specOf(site, name);
  const next = besideIt(spec);
  if ((await findSameProcess(next)) === undefined) return;
  await (await findProcess(spec))?.stop();
  await renameProcess(next, spec.name);
}
