import type { Organisation, OrganisationPorts } from '../topology/index.js';
import type { OrganisationMaterial } from '../identities/index.js';
import type { FabricHome } from './fabric-home.js';
import type { NodeLayout } from './node-layout.js';

/** Everything that the processes of one organisation are made from. */
export interface FabricNode {
  readonly organisation: Organisation;
  readonly ports: OrganisationPorts;
  readonly material: OrganisationMaterial;
  readonly home: FabricHome;
  /** File with the TLS CAs of all organisations of the channel. */
  readonly tlsCas: string;
  readonly layout: NodeLayout;
  /** Fabric's FABRIC_LOGGING_SPEC, such as `info` or `warning`. */
  readonly logging: string;
  readonly outlivesUs: boolean;
}

/** Health and metrics carry no access control, so they are for this machine only. */
export const OPERATIONS_HOST = '127.0.0.1';
