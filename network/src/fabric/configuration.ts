import { readFile } from 'node:fs/promises';
import { z } from 'zod';
import type { PortPlan, Topology } from '../topology/index.js';

const schema = z.strictObject({
  version: z.literal(1),
  /** Absolute. */
  dataDirectory: z.string().startsWith('/'),
  portBase: z.int(),
  /** As `parseTopology` gave it. */
  topology: z.record(z.string(), z.json()),
  /** The chaincode server's script. */
  chaincodeScript: z.string().min(1),
  /** FABRIC_HOME; absent: as the environment says. */
  fabricHome: z.string().min(1).optional(),
  logging: z.string().min(1).optional(),
});

/** What the process that supervises a consortium's Fabric is started with. */
export interface FabricConfiguration {
  readonly dataDirectory: string;
  readonly portBase: number;
  readonly topology: Topology;
  readonly chaincodeScript: string;
  readonly fabricHome?: string | undefined;
  readonly logging?: string | undefined;
}

export function fabricConfiguration(
  topology: Topology,
  plan: PortPlan,
  dataDir: string,
  chaincodeScript: string,
): Readonly<Record<string, unknown>> {
  return { version: 1, dataDirectory: dataDir, portBase: plan.portBase, topology, chaincodeScript };
}

/** Reads a configuration file (JSON). Throws an Error that names the file. */
export async function readFabricConfiguration(file: string): Promise<FabricConfiguration> {
  try {
    const { topology, ...rest } = schema.parse(JSON.parse(await readFile(file, 'utf8')));
    // It was parsed by the topology's own schema before it was written.
    return { ...rest, topology: topology as unknown as Topology };
  } catch (error) {
    const reason = error instanceof z.ZodError ? z.prettifyError(error) : String(error);
    throw new Error(`${file} cannot be used: ${reason}`, { cause: error });
  }
}
