import type { DecisionContext } from './context.js';
import type { Asked, Facts } from './facts.js';
import { isInForce } from './legal-basis.js';
import { purposesCover } from './purposes.js';
import { withoutVersion } from './references.js';

/**
 * Does the purpose need an agreement that is not there? A member needs none with itself; where the custodian
 * is unknown, none can be shown to name both.
 */
export function agreementIsMissing(asked: Asked, facts: Facts, context: DecisionContext): boolean {
  if (!purposesCover(context.agreementPurposes ?? [], asked.purpose)) return false;
  const { custodian, member, at } = facts;
  if (custodian === member) return false;
  if (custodian === undefined) return true;
  return !(context.agreements ?? []).some((agreement) => {
    const parties = agreement.parties.map(withoutVersion);
    return (
      parties.includes(member) &&
      parties.includes(custodian) &&
      purposesCover(agreement.purposes, asked.purpose) &&
      isInForce(agreement, at)
    );
  });
}
