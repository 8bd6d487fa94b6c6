import { isSensitivity, isSubstanceUse } from '../../domain/labels.js';
import { citesPart2 } from '../../domain/legal-basis.js';
import { isKnownPurpose } from '../../domain/purposes.js';
import { parsePeriod } from '../../domain/time.js';
import type { Member } from '../../wire/index.js';
import type { PublicState } from '../../state/index.js';

/** A member that is registered and not suspended. */
export async function activeMember(publicState: PublicState, mspId: string): Promise<Member | undefined> {
  const member = await publicState.member(mspId);
  return member?.status === 'active' ? member : undefined;
}

/**
 * Paths of purposes that the rules do not know, and of a period that is none. Each custodian says for itself which further code systems
 * it knows, so `system|code` is taken as it is: where the system is not registered, nobody can ask for such a purpose.
 */
export function wrongTerms({
  purposes,
  period,
}: {
  readonly purposes: readonly string[];
  readonly period?: { readonly start?: string; readonly end?: string };
}): string[] {
  const wrong = purposes.flatMap((purpose, index) => {
    const system = purpose.slice(0, Math.max(0, purpose.indexOf('|')));
    return isKnownPurpose(purpose, system === '' ? [] : [system]) ? [] : [`$.purposes[${index}]`];
  });
  if (period !== undefined && !('interval' in parsePeriod(period.start, period.end))) wrong.push('$.period');
  return wrong;
}

/** Paths of what a legal basis could never let open anything by: so it is refused here, and not found out when somebody needs it. */
export function wrongLabels({
  labels = [],
  cites,
}: {
  readonly labels?: readonly string[];
  readonly cites: readonly string[];
}): string[] {
  const wrong = labels.flatMap((label, index) => (isSensitivity(label) ? [] : [`$.labels[${index}]`]));
  return labels.some(isSubstanceUse) && !citesPart2(cites) ? [...wrong, '$.cites'] : wrong;
}
