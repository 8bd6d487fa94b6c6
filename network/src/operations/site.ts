import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import { CONSORTIUM_READINESS } from '../fabric/chaincode-deployment.js';
import { findFabricHome, type FabricHome } from '../fabric/fabric-home.js';
import type { AdminOfNode, NodeFiles } from '../fabric/fabric-node.js';
import { nodeLayout, tlsCasFile } from '../fabric/node-layout.js';
import { loadAdmin, organisationLayout } from '../identities/index.js';
import {
  organisationNamed,
  portsOf,
  type Organisation,
  type PortPlan,
  type Topology,
} from '../topology/index.js';
import type { Signatory } from './config/update-file.js';
import type { ReadinessCall } from './ledger/endorsers.js';
import { OperationError } from './processes.js';

/** A consortium as operations see it: what it is made of, and the folder with the keys of some or all of its members. */
export interface Site {
  readonly topology: Topology;
  readonly plan: PortPlan;
  /** Absolute. */
  readonly dataDir: string;
  /** A call that shows whether the chaincode can be endorsed. */
  readonly readiness: ReadinessCall;
  /** Of the release that FABRIC_HOME names, looked for when a process has to be started. */
  readonly home: () => Promise<FabricHome>;
  /** FABRIC_LOGGING_SPEC that the consortium was started with; a process with another is not taken for the same one. */
  readonly logging: string;
  /** Whether what an operation starts lives on when this process ends. */
  readonly outlivesUs: boolean;
  /** The chaincode server's script, run by this Node. */
  readonly chaincodeScript: string;
  /**
   * File to which a change of the channel's configuration is written, to be signed elsewhere, instead of being signed with
   * the keys that are here.
   */
  readonly proposeTo?: string | undefined;
  /** Of the embedded ledger, where the consortium runs on that. */
  readonly embedded?: EmbeddedProcesses | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** The embedded ledger's processes, which belong to a supervisor. */
export interface EmbeddedProcesses {
  /** Lets the ledger and its chaincode server know who is a member by now; calls that are under way go on. */
  reconfigure(): Promise<void>;
  /** Resolves when it serves again. */
  restartLedger(): Promise<void>;
  /** Undefined when it does not run. */
  ledgerStartedAt(): Promise<Date | undefined>;
}

export interface SiteOptions {
  readonly topology: Topology;
  readonly plan: PortPlan;
  readonly dataDir: string;
  /** Default: the consortium's own chaincode. */
  readonly readiness?: ReadinessCall;
  readonly fabricHome?: string;
  readonly logging?: string;
  /** Default true. */
  readonly outlivesUs?: boolean;
  readonly chaincodeScript: string;
  readonly proposeTo?: string | undefined;
  readonly embedded?: EmbeddedProcesses | undefined;
  readonly signal?: AbortSignal;
}

export function openSite(options: SiteOptions): Site {
  const { topology, plan, dataDir, readiness, fabricHome, logging, outlivesUs, signal } = options;
  let home: Promise<FabricHome> | undefined;
  return {
    topology,
    plan,
    dataDir: resolve(dataDir),
    readiness: readiness ?? {
      chaincode: topology.chaincode.name,
      call: CONSORTIUM_READINESS,
    },
    home: () => (home ??= findFabricHome(fabricHome)),
    logging: logging ?? 'info',
    outlivesUs: outlivesUs ?? true,
    chaincodeScript: options.chaincodeScript,
    ...(options.proposeTo !== undefined && { proposeTo: options.proposeTo }),
    ...(options.embedded && { embedded: options.embedded }),
    ...(signal && { signal }),
  };
}

/** The same consortium after a change of its topology. */
export function siteWith(site: Site, topology: Topology, plan: PortPlan): Site {
  return { ...site, topology, plan };
}

/** An organisation's processes. Its certificates are not looked at: one that has expired must not keep others from being renewed. */
export async function nodeOf(site: Site, name: string): Promise<NodeFiles> {
  const organisation = organisationNamed(site.topology, name);
  return {
    organisation,
    ports: portsOf(site.plan, name),
    material: { mspId: organisation.mspId, paths: organisationLayout(site.dataDir, name) },
    home: await site.home(),
    tlsCas: tlsCasFile(site.dataDir),
    layout: nodeLayout(site.dataDir, name),
    logging: site.logging,
    outlivesUs: site.outlivesUs,
  };
}

/** An organisation as its admin reaches it. @throws IdentityError when the admin's key is not in this data folder */
export async function adminOf(site: Site, name: string): Promise<AdminOfNode> {
  const organisation = organisationNamed(site.topology, name);
  return {
    organisation,
    ports: portsOf(site.plan, name),
    material: await loadAdmin(site.dataDir, organisation),
  };
}

/** Whether an organisation can be acted for here: its admin's key is in the data folder. */
export function isAdministered({ dataDir }: Pick<Site, 'dataDir'>, name: string): boolean {
  return existsSync(organisationLayout(dataDir, name).admin.identity.key);
}

/** The first organisation that can be acted for here. @throws OperationError when there is none */
export function actingOrganisation(site: Pick<Site, 'topology' | 'dataDir'>): Organisation {
  const found = site.topology.organisations.find(({ name }) => isAdministered(site, name));
  if (found === undefined) throw new OperationError(`there is no admin's key in ${site.dataDir}`);
  return found;
}

export async function signatoryOf(
  site: Site,
  organisation: Pick<Organisation, 'name' | 'mspId'>,
): Promise<Signatory> {
  const { mspId, admin } = await loadAdmin(site.dataDir, organisation);
  return { mspId, identity: admin.identity };
}
