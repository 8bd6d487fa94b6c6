import type { Organisation, PortUse, Topology } from './model.js';
import { PORT_USES } from './schema.js';

export const DEFAULT_PORT_BASE = 7_000;

/** Where the processes listen that belong to no organisation: the demo's issuer and the shared chaincode. */
export const SHARED_HOST = '127.0.0.1';

/** Ports that one organisation's processes listen on. */
export type OrganisationPorts = Readonly<Record<PortUse, number>>;

/**
 * Every port of a consortium on one machine.
 *
 * With base B (7000 unless told otherwise):
 *
 * | port | what listens |
 * |---|---|
 * | B | the demo's token issuer (HTTPS) |
 * | B + 1 | the embedded ledger's chaincode server, shared by all organisations |
 * | B + 10 (i + 1) + 0 | gateway (HTTPS) of the organisation at index i of the file |
 * | … + 1 | its peer: Fabric's Gateway and Deliver services (gRPC) |
 * | … + 2 | its orderer (Fabric only) |
 * | … + 3 | its chaincode server (Fabric only) |
 * | … + 4 | its peer's listener for chaincode that dials in; opened by Fabric, used by nobody |
 * | … + 5 | its peer's operations service: health and metrics (Fabric only) |
 * | … + 6 | its orderer's admin service, for `osnadmin` (Fabric only) |
 * | … + 7 | its orderer's operations service (Fabric only) |
 *
 * A port that the topology states for an organisation takes the place of the derived one.
 */
export interface PortPlan {
  readonly portBase: number;
  /** By the name of the organisation: where others reach it. */
  readonly hosts: Readonly<Record<string, string>>;
  readonly issuer: number;
  readonly sharedChaincode: number;
  /** By the name of the organisation. */
  readonly organisations: Readonly<Record<string, OrganisationPorts>>;
}

/** Two listeners on one port, or a port that does not exist. */
export class PortPlanError extends Error {
  override readonly name = 'PortPlanError';
}

/** Derives all ports. Throws a PortPlanError when two collide or one is above 65535. */
export function portPlan(topology: Topology, portBase: number = DEFAULT_PORT_BASE): PortPlan {
  const highest = 65_535 - (10 * topology.organisations.length + 9);
  if (!Number.isInteger(portBase) || portBase < 1_024 || portBase > highest) {
    throw new PortPlanError(`the port base must be a whole number from 1024 to ${highest}, not ${portBase}`);
  }
  const plan: PortPlan = {
    portBase,
    issuer: portBase,
    sharedChaincode: portBase + 1,
    hosts: Object.fromEntries(topology.organisations.map(({ name, host }) => [name, host])),
    organisations: Object.fromEntries(
      topology.organisations.map((organisation, index) => [
        organisation.name,
        derive(organisation, portBase + 10 * (index + 1)),
      ]),
    ),
  };
  refuseCollisions(plan);
  return plan;
}

function derive(organisation: Organisation, first: number): OrganisationPorts {
  const entries = PORT_USES.map((use, offset) => [use, organisation.ports[use] ?? first + offset] as const);
  return Object.fromEntries(entries) as Record<PortUse, number>;
}

/** One organisation's ports. Throws a RangeError for a name that is not in the plan. */
export function portsOf(plan: PortPlan, name: string): OrganisationPorts {
  const ports = plan.organisations[name];
  if (!ports) throw new RangeError(`the port plan knows no organisation called ${JSON.stringify(name)}`);
  return ports;
}

export interface Listener {
  readonly host: string;
  readonly port: number;
  /** What it is for, such as `riverside gateway`. */
  readonly use: string;
}

/** Everything in the plan that may listen. */
export function listeners(plan: PortPlan): readonly Listener[] {
  return [
    { host: SHARED_HOST, port: plan.issuer, use: 'issuer' },
    { host: SHARED_HOST, port: plan.sharedChaincode, use: 'chaincode of the embedded ledger' },
    ...Object.entries(plan.organisations).flatMap(([name, ports]) =>
      PORT_USES.map((use) => ({
        host: plan.hosts[name] ?? SHARED_HOST,
        port: ports[use],
        use: `${name} ${use}`,
      })),
    ),
  ];
}

function refuseCollisions(plan: PortPlan): void {
  const taken = new Map<string, string>();
  for (const { host, port, use } of listeners(plan)) {
    const earlier = taken.get(`${host}:${port}`);
    if (earlier !== undefined) {
      throw new PortPlanError(
        `port ${port} is wanted for ${earlier} and for ${use}; change ports in the topology or the port base`,
      );
    }
    taken.set(`${host}:${port}`, use);
  }
}
