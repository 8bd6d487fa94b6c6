import type { CompiledPolicy } from '../../domain/index.js';
import type { OpenCustody } from '../../state/index.js';
import type { CommandOf, WithdrawalEntry } from '../../wire/index.js';
import { withdrawalContent } from '../../wire/evidence/contents.js';
import { mayWithdraw, verifyEvidence } from '../../wire/evidence/verify-evidence.js';
import { Refusal } from '../../wire/refusal.js';
import { instantOf } from '../../wire/instant.js';
import type { Call } from '../call.js';
import { evidenceState } from '../evidence/check-evidence.js';

/**
 * Notes that a subject withdraws a consent. Custodian or oversight organisation alone is enough, so the
 * custodian cannot hold it up. The consent's own value is what proves that there is something to withdraw: it
 * never changes, so that no filing of another consent can make this transaction invalid; keys and delegations
 * are written once, too, and no counter of a passkey is looked at. A second withdrawal of the same consent changes nothing.
 */
export async function withdraw(
  call: Call,
  open: OpenCustody,
  { consent, subject, evidence, reason, collected }: CommandOf<'withdraw'>,
): Promise<void> {
  const { values, withdrawals } = open;
  const filed = await values.get('consent', consent);
  if (filed?.subject !== subject) throw new Refusal('consent-unknown');
  const before = (await withdrawals.get('withdrawal', subject))?.withdrawals ?? [];
  if (before.some((entry) => entry.consent === consent)) return;
  const noted = await withdrawals.get('withdrawn', consent);
  const policy = evidence.kind === 'delegated' ? await newestOf(open, subject, consent) : undefined;
  await verifyEvidence(await evidenceState(call, open), evidence, {
    subject,
    content: withdrawalContent({ consent, reason, collected }),
    at: call.at,
    delegable: (delegation) => policy !== undefined && mayWithdraw(delegation, policy),
  });

  const at = instantOf(call.at);
  const by = call.caller.mspId;
  const given = { ...(reason !== undefined && { reason }), ...(collected !== undefined && { collected }) };
  const entry: WithdrawalEntry = { consent, at, by, evidence: evidence.kind, ...given };
  withdrawals.put('withdrawal', [subject], { subject, withdrawals: [...before, entry] });
  // Without its line in the list it says nothing: whoever can write here alone must not hold a withdrawal up with it.
  if (noted === undefined)
    withdrawals.put('withdrawn', [consent], { consent, subject, at, by, evidence, ...given });
}

/**
 * What the consent says now, for what a delegate may withdraw. The one read here of a value that filings change:
 * subject and witness do without.
 */
async function newestOf(
  { values }: OpenCustody,
  subject: string,
  consent: string,
): Promise<CompiledPolicy | undefined> {
  const policies = await values.get('policies', subject);
  return policies?.consents.find((filed) => filed.consent === consent)?.policy;
}
