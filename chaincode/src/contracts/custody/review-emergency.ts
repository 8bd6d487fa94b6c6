import { isBreakGlass } from '../../wire/answer-request.js';
import type { CommandOf } from '../../wire/index.js';
import { sha256 } from '../../wire/canonical.js';
import { instantOf } from '../../wire/instant.js';
import { Refusal } from '../../wire/refusal.js';
import { parseRequestObject } from '../../wire/verify-request.js';
import type { OpenCustody } from '../../state/index.js';
import type { Call } from '../call.js';

/**
 * Logs what was found of a break-glass access. Whoever looked does not judge it themselves: the event's own request says who that
 * was, and the event holds its digest. The first finding stands; the same one of the same reviewer again changes nothing.
 */
export async function reviewEmergency(
  { at, caller }: Call,
  { values }: OpenCustody,
  { event: key, request, reviewer, finding }: CommandOf<'review-emergency'>,
): Promise<void> {
  const event = await values.getAt('event', key);
  if (event === undefined) throw new Refusal('event-unknown');
  if (!event.records.some(isBreakGlass)) throw new Refusal('event-not-emergency');
  const asked = parseRequestObject(request);
  if (sha256(request) !== event.request || asked.kind === 'refused') {
    throw new Refusal('command-malformed', ['$.request']);
  }
  // Pseudonyms are each member's own, so at another member the same one is another person.
  if (event.requester === caller.mspId && asked.claims.sub === reviewer) {
    throw new Refusal('reviewer-not-independent');
  }
  const reviewed = await values.get('review', key);
  if (reviewed !== undefined) {
    const isSame =
      reviewed.finding === finding && reviewed.reviewer === reviewer && reviewed.by === caller.mspId;
    if (isSame) return;
    throw new Refusal('emergency-already-reviewed');
  }
  values.put('review', [key], { event: key, finding, reviewer, by: caller.mspId, at: instantOf(at) });
}
