import type { RequestClaims, Study } from '@consent-ledger/chaincode/wire';
import type { ConsentIndex } from '../../ports/consent-index.js';
import type { Slips } from '../../ports/slips.js';
import type { FoundPersons } from '../matching/found-persons.js';
import type { Links } from './links.js';
import type { Participants } from '../cohort/participants.js';
import type { CustodyView } from '../custody-view.js';

export interface PersonOptions {
  readonly custody: CustodyView;
  readonly consents: ConsentIndex;
  readonly slips: Slips;
  readonly links: Pick<Links, 'subjectOf'>;
  readonly participants: Pick<Participants, 'subjectOf'>;
  readonly studies: { study(id: string): Pick<Study, 'sponsor'> | undefined };
  readonly found: Pick<FoundPersons, 'subjectOf'>;
}

/**
 * The subject that a requester means; undefined where it is none that this requester may name, whatever the reason.
 * - `slip/<id>`: of whom a slip speaks that was made for this requester.
 * - `link/<secret>`: who shows the requester a link that is good; that it was used is kept.
 * - `participant/<pseudonym>`: of whom the sponsor of the study that is asked for knows that pseudonym.
 * - `found/<reference>`: whom this requester's user found by demographics, a short while ago.
 * - `subject/<id>`: the pseudonym itself, which only the custodian's own staff has.
 */
export function resolvePerson(
  person: string,
  { iss: requester, sub, study }: Pick<RequestClaims, 'iss' | 'sub' | 'study'>,
  { custody, consents, found, links, participants, slips, studies }: PersonOptions,
): string | undefined {
  const [kind, name, ...rest] = person.split('/');
  if (name === undefined || rest.length > 0) return undefined;
  if (kind === 'subject') return requester === custody.custodian ? name : undefined;
  if (kind === 'link') return links.subjectOf(name, requester, sub);
  if (kind === 'participant') {
    if (study === undefined || studies.study(study)?.sponsor !== requester) return undefined;
    return participants.subjectOf(study, name);
  }
  if (kind === 'found') return found.subjectOf(name, { iss: requester, sub });
  if (kind !== 'slip') return undefined;
  const slip = slips.find(custody.custodian, person);
  if (slip?.member !== requester) return undefined;
  return consents.find(custody.collection, slip.consent)?.subject;
}
