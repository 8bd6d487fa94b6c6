import type { Obligation } from './answer.js';
import { isSubstanceUse, type Labelling } from './labels.js';

const PART_2_NOTICE =
  '42 CFR part 2 prohibits unauthorized use or disclosure of these records. ' +
  'A copy of the consent, or a clear explanation of its scope, goes with them.';

export const REDISCLOSURE: Obligation = {
  code: 'prohibit-redisclosure',
  cites: '42 CFR 2.32',
  notice: PART_2_NOTICE,
};

/** {@link REDISCLOSURE} is owed with records of substance use, and with those whose labels are unknown. */
export function owesRedisclosure(labelling: Labelling | undefined): boolean {
  return labelling === undefined || labelling.sensitivities.some(isSubstanceUse);
}
