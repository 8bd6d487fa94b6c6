import { crossChecks } from '../../topology/cross-checks.js';
import {
  custodians,
  formerOrganisations,
  isCustodian,
  listeners,
  orderingOrganisations,
  organisationNamed,
  portPlan,
  portsOf,
  sponsors,
  type Organisation,
  type PortPlan,
  type PortUse,
  type Topology,
} from '../../topology/index.js';
import { PORT_USES } from '../../topology/schema.js';
import { OperationError } from '../processes.js';

/** The consortium with one member more, at the end; who is there keeps its ports. @throws OperationError when that cannot be */
export function topologyWith(topology: Topology, plan: PortPlan, newcomer: Organisation): Topology {
  const former = formerOrganisations(topology).filter(({ mspId }) => mspId !== newcomer.mspId);
  const organisations = [...topology.organisations, withFreePorts(plan, newcomer)];
  return checked({ ...topology, organisations, former }, plan.portBase);
}

/**
 * The consortium without a member. Ports are derived from places in the file, so those behind it get theirs in writing.
 * @throws OperationError when what is left cannot be a consortium
 */
export function topologyWithout(topology: Topology, plan: PortPlan, name: string): Topology {
  const leaving = organisationNamed(topology, name);
  const place = topology.organisations.indexOf(leaving);
  const partners = isCustodian(leaving)
    ? sponsors(topology)
    : leaving.kind === 'sponsor'
      ? custodians(topology)
      : [];
  const earlier = formerOrganisations(topology).filter(({ studies }) => studies.includes(leaving.mspId));
  const studies = [...partners, ...earlier].map(({ mspId }) => mspId);
  return checked(
    {
      ...topology,
      ordering: orderingWithout(topology, name),
      organisations: topology.organisations.flatMap((organisation, index) => {
        if (index === place) return [];
        return [
          index < place ? organisation : { ...organisation, ports: { ...portsOf(plan, organisation.name) } },
        ];
      }),
      former: [
        ...formerOrganisations(topology),
        { name: leaving.name, mspId: leaving.mspId, kind: leaving.kind, studies },
      ],
    },
    plan.portBase,
  );
}

/** Those who make blocks go on doing so: nobody's orderer takes the place of one that leaves by itself. */
function orderingWithout(topology: Topology, name: string): Topology['ordering'] {
  const { ordering } = topology;
  if (ordering.type !== 'raft' && ordering.orderers === undefined) return ordering;
  const orderers = orderingOrganisations(topology).map((each) => each.name);
  return { ...ordering, orderers: orderers.filter((each) => each !== name) };
}

/** Ports of the newcomer's place, unless somebody has them; then the next ten that nobody has. */
function withFreePorts(plan: PortPlan, newcomer: Organisation): Organisation {
  const place = Object.keys(plan.organisations).length;
  const taken = new Set(listeners(plan).map(({ port }) => port));
  for (let ten = place; ten < 1_000; ten++) {
    const first = plan.portBase + 10 * (ten + 1);
    const free = Array.from({ length: 10 }, (_, offset) => first + offset).every((port) => !taken.has(port));
    if (!free) continue;
    if (ten === place) return newcomer;
    const derived = PORT_USES.map((use, offset): [PortUse, number] => [use, first + offset]);
    return { ...newcomer, ports: { ...Object.fromEntries(derived), ...newcomer.ports } };
  }
  throw new OperationError(
    'there are no ten free ports for the new member: state its ports in its definition',
  );
}

function checked(topology: Topology, portBase: number): Topology {
  const problems = crossChecks(topology).map(
    ({ path, expected }) => `${path.join('.')}: expected ${expected}`,
  );
  if (problems.length > 0) throw new OperationError(`that would be no consortium: ${problems.join('; ')}`);
  portPlan(topology, portBase);
  return topology;
}
