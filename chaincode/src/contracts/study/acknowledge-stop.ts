import type { CommandOf } from '../../wire/index.js';
import { instantOf } from '../../wire/instant.js';
import { Refusal } from '../../wire/refusal.js';
import { verifyStop } from '../../wire/stop-statement.js';
import type { Call } from '../call.js';
import { openStudies, type Parties } from './parties.js';

/**
 * Puts the sponsor's signed word onto the ledger that it stopped with a participant who withdrew, and what it did with the data.
 * Said once; saying that data are kept needs a study that may keep them.
 *
 * @throws Refusal `participation-unknown`, `stop-refused`, `stop-already-acknowledged`
 */
export async function acknowledgeStop(
  call: Call,
  parties: Parties,
  { salt, study, person, statement }: CommandOf<'acknowledge-stop'>,
): Promise<void> {
  const { values } = await openStudies(call, parties, salt);
  const participation = await values.get('participation', study, person);
  const terms = await values.get('terms', study);
  if (participation === undefined || terms === undefined) throw new Refusal('participation-unknown');
  if (participation.status !== 'withdrawn') throw new Refusal('stop-refused');
  const existing = await values.get('stopping', study, person);
  if (existing?.statement === statement) return;
  if (existing !== undefined) throw new Refusal('stop-already-acknowledged');
  const ledger = await call.publicState.ledger();
  const sponsor = await call.publicState.member(parties.sponsor);
  if (ledger === undefined || sponsor === undefined) throw new Refusal('ledger-not-founded');
  const claims = verifyStop(statement, { aud: parties.site, ledger: ledger.id, study, person, sponsor });
  if (claims === undefined) throw new Refusal('stop-refused');
  const at = instantOf(call.at);
  const { action, on } = claims;
  const isPossible = on >= participation.at.slice(0, 10) && on <= at;
  const isLawful = action !== 'kept' || terms.withdrawal.data.includes('keep');
  if (!isPossible || !isLawful) throw new Refusal('stop-refused');
  values.put('stopping', [study, person], { ...parties, study, person, action, on, statement, at });
}
