import type { OrganisationMaterial } from '../identities/index.js';
import type { OrganisationPorts } from '../topology/index.js';
import type { ChaincodeDefinitionSpec } from '../channel/index.js';

/** A chaincode to be committed on the channel, and to be served by each organisation for itself. */
export interface ChaincodeDeployment {
  readonly definition: ChaincodeDefinitionSpec;
  /** The port of the organisation's chaincode server; the port plan's `chaincode` unless told otherwise. */
  readonly port?: (ports: OrganisationPorts) => number;
  /**
   * A call that succeeds on every peer and writes nothing: how one knows that the chaincode can be endorsed.
   * For a contract of fabric-contract-api: `['org.hyperledger.fabric:GetMetadata']`.
   */
  readonly readiness: readonly [name: string, ...args: string[]];
}

/** The process that serves an organisation's chaincodes. */
export interface ChaincodeServer {
  readonly command: string;
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string>>;
}

/** @param packageIds by name of chaincode: what each server has to register as */
export type ChaincodeServerFor = (
  organisation: OrganisationMaterial,
  ports: OrganisationPorts,
  packageIds: ReadonlyMap<string, string>,
) => ChaincodeServer;
