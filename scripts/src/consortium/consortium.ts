import path from 'node:path';
import { fileURLToPath } from 'node:url';
import {
  DEFAULT_PORT_BASE,
  loadTopology,
  portPlan,
  PortPlanError,
  TopologyError,
  type PortPlan,
  type Topology,
} from '@consent-ledger/network';
import { badInput, EXIT, systemCode, UserError } from '../user-error.js';
import { readRecord, type LedgerKind } from './record.js';

/** A consortium on this machine: what it is made of and where it lies. */
export interface Consortium {
  /** Absolute. */
  readonly dataDir: string;
  readonly ledger: LedgerKind;
  readonly topology: Topology;
  readonly plan: PortPlan;
}

export interface ConsortiumOptions {
  readonly dataDir: string;
  readonly topology?: string;
  readonly portBase?: number;
  readonly ledger?: LedgerKind;
}

const DEMO_TOPOLOGY = path.join(
  path.dirname(fileURLToPath(import.meta.resolve('@consent-ledger/network'))),
  '../topologies/demo.yaml',
);

/**
 * The consortium that the flags ask for; what they leave open is as the data folder was made, or the demo's.
 * Throws a UserError for a topology or ports that cannot be.
 */
export async function wantedConsortium(options: ConsortiumOptions): Promise<Consortium> {
  const dataDir = path.resolve(options.dataDir);
  const existing = await readRecord(dataDir);
  const stated =
    options.topology !== undefined || !existing
      ? await readTopology(options.topology ?? DEMO_TOPOLOGY)
      : existing.topology;
  const ledger = options.ledger ?? existing?.ledger ?? kindOf(stated);
  const topology = orderedBy(stated, ledger);
  const portBase = options.portBase ?? existing?.portBase ?? DEFAULT_PORT_BASE;
  return { dataDir, ledger, topology, plan: planPorts(topology, portBase) };
}

function kindOf({ ordering }: Topology): LedgerKind {
  return ordering.type === 'embedded' ? 'embedded' : 'fabric';
}

/** Where the flag and the file differ the flag counts; on Fabric orderers then need no trust in each other if there are enough. */
function orderedBy(topology: Topology, ledger: LedgerKind): Topology {
  if (kindOf(topology) === ledger) return topology;
  const enough = (topology.ordering.orderers ?? topology.organisations).length >= 4;
  const type = ledger === 'embedded' ? 'embedded' : enough ? 'bft' : 'raft';
  return { ...topology, ordering: { ...topology.ordering, type } };
}

/** The consortium that a data folder was made for. Throws a UserError when it was made for none. */
export async function existingConsortium(dataDirOption: string): Promise<Consortium> {
  const dataDir = path.resolve(dataDirOption);
  const record = await readRecord(dataDir);
  if (!record) {
    throw new UserError(
      `There is no consortium in ${dataDir}: start one with \`consent-ledger up\`, or say where it is with --data-dir.`,
      EXIT.notRunning,
    );
  }
  return {
    dataDir,
    ledger: record.ledger,
    topology: record.topology,
    plan: planPorts(record.topology, record.portBase),
  };
}

async function readTopology(file: string): Promise<Topology> {
  try {
    return await loadTopology(file);
  } catch (error) {
    if (error instanceof TopologyError) throw badInput(error.message, { cause: error });
    const code = systemCode(error);
    if (code === undefined) throw error;
    throw badInput(`The topology ${file} cannot be read (${code}): check --topology.`, { cause: error });
  }
}

function planPorts(topology: Topology, portBase: number): PortPlan {
  try {
    return portPlan(topology, portBase);
  } catch (error) {
    if (error instanceof PortPlanError)
      throw badInput(`${error.message}: check --port-base.`, { cause: error });
    throw error;
  }
}
