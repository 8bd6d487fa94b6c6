import type { ConsentIndex } from '../../ports/consent-index.js';
import type { Slips } from '../../ports/slips.js';
import type { CustodyView } from '../custody-view.js';

export interface PersonOptions {
  readonly custody: CustodyView;
  readonly consents: ConsentIndex;
  readonly slips: Slips;
}

/**
 * The subject that a requester means; undefined where it is none that this requester may name, whatever the reason.
 * - `slip/<id>`: of whom a slip speaks that was made for this requester.
 * - `subject/<id>`: the pseudonym itself, which only the custodian's own staff has.
 */
export function resolvePerson(
  person: string,
  requester: string,
  { custody, consents, slips }: PersonOptions,
): string | undefined {
  const [kind, name, ...rest] = person.split('/');
  if (name === undefined || rest.length > 0) return undefined;
  if (kind === 'subject') return requester === custody.custodian ? name : undefined;
  if (kind !== 'slip') return undefined;
  const slip = slips.find(custody.custodian, person);
  if (slip?.member !== requester) return undefined;
  return consents.find(custody.collection, slip.consent)?.subject;
}
