import type { ImpliedPolicy } from './context.js';
import type { Asked } from './facts.js';
import { NORMAL, type Labelling } from './labels.js';
import { isBasicPurpose } from './purposes.js';

/** What the custodian permits where no consent speaks: at most records at N or lower without sensitivity. */
export function impliedPolicyPermits(
  policy: ImpliedPolicy,
  asked: Asked,
  labelling: Labelling | undefined,
): boolean {
  if (policy === 'deny' || policy === 'break-glass-only') return false;
  if (labelling === undefined || labelling.level > NORMAL || labelling.sensitivities.length > 0) {
    return false;
  }
  if (policy === 'basic-normal') return isBasicPurpose(asked.purpose);
  return !asked.breakGlass && asked.scope !== 'research';
}
