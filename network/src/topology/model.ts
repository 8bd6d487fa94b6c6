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
