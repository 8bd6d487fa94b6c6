import type { CompiledPolicy } from './policy.js';
import { purposesCover } from './purposes.js';

/** What somebody may speak about in another's name. */
export interface Limits {
  /** Scopes of consents, in FHIR's words. */
  readonly scopes: readonly ('patient-privacy' | 'research')[];
  /** Purposes of use, with what descends from them; absent: all. */
  readonly purposes?: readonly string[];
}

/**
 * Whether everything that a consent says lies within the limits, permits and denies alike: a refusal for a purpose
 * that somebody may not speak about is as much beyond them as a permit. What names no purpose speaks about all; what lies inside
 * an exception is reached only where that one matches, and so is within what it is within.
 */
export function liesWithin(policy: CompiledPolicy, { scopes, purposes }: Limits): boolean {
  if (!scopes.includes(policy.scope === 'research' ? 'research' : 'patient-privacy')) return false;
  if (purposes === undefined) return true;
  return (
    areWithin(policy.coverage.purposes, purposes) &&
    policy.exceptions.every(({ criteria }) => areWithin(criteria.purposes, purposes))
  );
}

function areWithin(stated: readonly string[] | undefined, purposes: readonly string[]): boolean {
  return stated?.every((purpose) => purposesCover(purposes, purpose)) === true;
}
