import type { Obligation } from './answer.js';
import { isSubstanceUse, type Labelling } from './labels.js';
import { formatInstant } from './time.js';

const PART_2_NOTICE =
  '42 CFR part 2 prohibits unauthorized use or disclosure of these records. ' +
  'A copy of the consent, or a clear explanation of its scope, goes with them.';

/** Owed with records of substance use, and with those whose labels are unknown. */
export function redisclosureObligation(labelling: Labelling | undefined): readonly Obligation[] {
  if (labelling !== undefined && !labelling.sensitivities.some(isSubstanceUse)) return [];
  return [{ code: 'prohibit-redisclosure', cites: '42 CFR 2.32', notice: PART_2_NOTICE }];
}

/** An instant (epoch milliseconds) as an obligation; none where there is none. */
export function instantObligation(
  code: 'expires-at' | 'review-by',
  epochMillis: number | undefined,
): readonly Obligation[] {
  return epochMillis === undefined ? [] : [{ code, at: formatInstant(epochMillis) }];
}
