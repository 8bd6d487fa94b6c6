import {
  chaincodeDefinition,
  type ChaincodeDefinitionSpec,
  type ChaincodePackage,
  type ChaincodeServer,
  type PreparedConsortium,
} from '../channel/index.js';
import type { Topology } from '../topology/index.js';

/** A chaincode to be installed on every peer and committed on the channel. */
export interface ChaincodeDeployment {
  readonly definition: ChaincodeDefinitionSpec;
  /** By name of organisation: each has its own server, and so its own package. */
  readonly packages: ReadonlyMap<string, ChaincodePackage>;
  /**
   * A call that succeeds on every peer and writes nothing: how one knows that the chaincode can be endorsed.
   */
  readonly readiness: readonly [name: string, ...args: string[]];
}

/** The process that serves an organisation's chaincodes. */
export interface ChaincodeProcess {
  readonly command: string;
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string>>;
}

/** A read of the consortium's own chaincode that every member's admin may do, whatever the ledger holds. */
export const CONSORTIUM_READINESS: ChaincodeDeployment['readiness'] = [
  'registry:query',
  JSON.stringify({ v: 1, query: 'ledger' }),
];

/** The consortium's own chaincode. */
export function consortiumChaincode(topology: Topology, prepared: PreparedConsortium): ChaincodeDeployment {
  return {
    definition: chaincodeDefinition(topology),
    packages: new Map(prepared.chaincodeServers.map((server) => [server.name, server.package])),
    readiness: CONSORTIUM_READINESS,
  };
}

/** Nearly all that a decision allocates dies with it; the heap grows by its own size at most, there being one for each member. */
const NODE_FLAGS = ['--max-semi-space-size=24', '--heap-growing-percent=100'];

/** A chaincode server: `script` run by this Node. */
export function chaincodeProcess(
  script: string,
  { environment }: Pick<ChaincodeServer, 'environment'>,
): ChaincodeProcess {
  return { command: process.execPath, args: [...NODE_FLAGS, script], env: { ...environment } };
}

/** The process of an organisation's chaincode server. */
export function consortiumChaincodeProcess(
  prepared: PreparedConsortium,
  organisation: string,
  script: string,
): ChaincodeProcess {
  const server = prepared.chaincodeServers.find(({ name }) => name === organisation);
  if (server === undefined) throw new RangeError(`no chaincode server was prepared for ${organisation}`);
  return chaincodeProcess(script, server);
}
