import { custodySchema, type ORGANISATION_KINDS, type PORT_USES, type TopologyDocument } from './schema.js';

/** The consortium, as its one file states it, with all defaults filled in. */
export type Topology = TopologyDocument;
export type Organisation = TopologyDocument['organisations'][number];
export type OrganisationKind = (typeof ORGANISATION_KINDS)[number];
export type PortUse = (typeof PORT_USES)[number];
export type Ordering = TopologyDocument['ordering'];

/** Organisations that keep records and decide who may see them, in the file's order. */
export function custodians(topology: Topology): readonly Organisation[] {
  return topology.organisations.filter(isCustodian);
}

/** Organisations that see every custodian's log and endorse with them: auditors and regulators. */
export function oversight(topology: Topology): readonly Organisation[] {
  return topology.organisations.filter(isOversight);
}

export type FormerOrganisation = NonNullable<TopologyDocument['former']>[number];

/** Organisations that have left, in the order in which they did. */
export function formerOrganisations(topology: Topology): readonly FormerOrganisation[] {
  return topology.former ?? [];
}

/** Raft with three orderers survives the loss of one; a fourth would add work and survive no more. */
const RAFT_ORDERERS = 3;

/**
 * The organisations whose orderers make blocks, in the file's order. With BFT all of them, with Raft the first three,
 * unless the file lists others. On the embedded ledger one process orders alone, whatever the file lists; it signs as the
 * first oversight organisation, so that at least no custodian orders its own log.
 */
export function orderingOrganisations(topology: Topology): readonly Organisation[] {
  const { ordering, organisations } = topology;
  if (ordering.type === 'embedded') return oversight(topology).slice(0, 1);
  const { orderers } = ordering;
  if (orderers !== undefined) return organisations.filter(({ name }) => orderers.includes(name));
  return ordering.type === 'raft' ? organisations.slice(0, RAFT_ORDERERS) : organisations;
}

/** Defaults as measured (docs/benchmarks.md): shorter ones change leaders under load alone. */
const LEADER_TIMEOUT_MS = { raft: 1_000, bft: 3_000 } as const;

/** Milliseconds without a sign of life from the leader until the other orderers take another. */
export function leaderTimeout({ type, leaderTimeout: stated }: Ordering): number {
  return stated ?? LEADER_TIMEOUT_MS[type === 'bft' ? 'bft' : 'raft'];
}

/** Sponsors of clinical trials. */
export function sponsors(topology: Topology): readonly Organisation[] {
  return topology.organisations.filter((organisation) => organisation.kind === 'sponsor');
}

export function isCustodian(organisation: Pick<Organisation, 'kind'>): boolean {
  return organisation.kind === 'hospital';
}

export function isOversight(organisation: Pick<Organisation, 'kind'>): boolean {
  return organisation.kind === 'auditor' || organisation.kind === 'regulator';
}

export type Custody = NonNullable<Organisation['custody']>;

/** How a custodian decides where nobody has said anything; undefined for an organisation that keeps no records. */
export function custodyOf(organisation: Organisation): Custody | undefined {
  return isCustodian(organisation) ? (organisation.custody ?? custodySchema.parse({})) : undefined;
}

/** The organisation of that name. Throws a RangeError that lists the names there are. */
export function organisationNamed(topology: Topology, name: string): Organisation {
  const found = topology.organisations.find((organisation) => organisation.name === name);
  if (!found) {
    const names = topology.organisations.map((organisation) => organisation.name).join(', ');
    throw new RangeError(`no organisation is called ${JSON.stringify(name)}; there are ${names}`);
  }
  return found;
}
