import type { Organisation, OrganisationPorts } from '../topology/index.js';
import type { AdminMaterial, OrganisationMaterial } from '../identities/index.js';
import type { FabricHome } from './fabric-home.js';
import type { NodeLayout } from './node-layout.js';

/** An organisation's processes as its admin reaches them, wherever they run. */
export interface AdminOfNode {
  readonly organisation: Pick<Organisation, 'name' | 'host'>;
  readonly ports: OrganisationPorts;
  readonly material: AdminMaterial;
}

/** Everything that the processes of one organisation are made from. */
export interface FabricNode extends NodeFiles {
  readonly material: OrganisationMaterial;
}

/** The same without a look at what is in the files: enough to start a process. */
export interface NodeFiles {
  readonly organisation: Organisation;
  readonly ports: OrganisationPorts;
  readonly material: Pick<OrganisationMaterial, 'mspId' | 'paths'>;
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
