import {
  orderingOrganisations,
  portsOf,
  type Organisation,
  type OrganisationPorts,
  type PortPlan,
  type Topology,
} from '../topology/index.js';
import { OPERATIONS_HOST } from './fabric-node.js';

/** A port that a process of Fabric opens. */
export interface FabricListener {
  /** Such as `peer-riverside`. */
  readonly process: string;
  /** The address that it binds to. */
  readonly host: string;
  readonly port: number;
  /** For a person. */
  readonly use: string;
}

/** Every port that the processes of a consortium on Fabric open on this machine. */
export function fabricListeners(topology: Topology, plan: PortPlan): readonly FabricListener[] {
  const ordering = orderingOrganisations(topology);
  return topology.organisations.flatMap((organisation) => {
    const ports = portsOf(plan, organisation.name);
    return [
      ...peerListeners(organisation, ports),
      ...(ordering.includes(organisation) ? ordererListeners(organisation, ports) : []),
    ];
  });
}

function peerListeners({ name, listen }: Organisation, ports: OrganisationPorts): FabricListener[] {
  const peer = `peer-${name}`;
  return [
    { process: `chaincode-${name}`, host: listen, port: ports.chaincode, use: `${name} chaincode` },
    { process: peer, host: listen, port: ports.peer, use: `${name} peer` },
    { process: peer, host: OPERATIONS_HOST, port: ports.peerChaincode, use: `${name} peerChaincode` },
    { process: peer, host: OPERATIONS_HOST, port: ports.peerOperations, use: `${name} peerOperations` },
  ];
}

function ordererListeners({ name, listen }: Organisation, ports: OrganisationPorts): FabricListener[] {
  const orderer = `orderer-${name}`;
  return [
    { process: orderer, host: listen, port: ports.orderer, use: `${name} orderer` },
    { process: orderer, host: listen, port: ports.ordererAdmin, use: `${name} ordererAdmin` },
    {
      process: orderer,
      host: OPERATIONS_HOST,
      port: ports.ordererOperations,
      use: `${name} ordererOperations`,
    },
  ];
}
