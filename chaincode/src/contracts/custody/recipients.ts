import type { CompiledPolicy, CompiledProvision, Criteria } from '../../domain/index.js';

const ORGANIZATION = 'Organization/';

export interface OrganizationRecipient {
  /** Short name of the member that is meant. */
  readonly name: string;
  /** FHIRPath of the element that names it. */
  readonly path: string;
}

/** Organisations that a consent names as recipients, wherever in it. */
export function organizationRecipients(policy: CompiledPolicy): OrganizationRecipient[] {
  return [...recipientsOf(policy.coverage, policy.basePath), ...policy.exceptions.flatMap(recipientsWithin)];
}

function recipientsWithin(provision: CompiledProvision): OrganizationRecipient[] {
  return [
    ...recipientsOf(provision.criteria, provision.path),
    ...provision.exceptions.flatMap(recipientsWithin),
  ];
}

function recipientsOf(criteria: Criteria, path: string): OrganizationRecipient[] {
  return (criteria.actor?.recipients?.organizations ?? []).map((reference) => ({
    name: reference.slice(ORGANIZATION.length),
    path: `${path}.actor`,
  }));
}
