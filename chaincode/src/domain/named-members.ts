import type { CompiledPolicy, CompiledProvision, Criteria } from './policy.js';

/**
 * The organisations that a consent names as recipients, anywhere in it: at filing each must be a registered
 * member, and each gets a slip. Sorted, without repeats.
 */
export function namedOrganizations(policy: CompiledPolicy): readonly string[] {
  const found = new Set<string>();
  const visit = (criteria: Criteria, inside: readonly CompiledProvision[]): void => {
    for (const reference of criteria.actor?.recipients?.organizations ?? []) found.add(reference);
    for (const provision of inside) visit(provision.criteria, provision.exceptions);
  };
  visit(policy.coverage, policy.exceptions);
  return [...found].sort();
}
