import type { OpenCustody } from '../../state/index.js';
import type { CommandOf, WithdrawalEntry } from '../../wire/index.js';
import { Refusal } from '../../wire/refusal.js';
import { instantOf } from '../../wire/instant.js';
import type { Call } from '../call.js';

/**
 * Notes that a subject withdraws a consent. Custodian or oversight organisation alone is enough, so the
 * custodian cannot hold it up. The consent's own value is what proves that there is something to withdraw: it
 * never changes, so that no filing of another consent can make this transaction invalid. A second withdrawal
 * of the same consent changes nothing.
 */
export async function withdraw(
  { at, caller }: Call,
  { values, withdrawals }: OpenCustody,
  { consent, subject, evidence, reason }: CommandOf<'withdraw'>,
): Promise<void> {
  const filed = await values.get('consent', consent);
  if (filed?.subject !== subject) throw new Refusal('consent-unknown');
  const before = (await withdrawals.get('withdrawal', subject))?.withdrawals ?? [];
  if (before.some((entry) => entry.consent === consent)) return;
  const entry: WithdrawalEntry = {
    consent,
    at: instantOf(at),
    by: caller.mspId,
    evidence,
    ...(reason !== undefined && { reason }),
  };
  withdrawals.put('withdrawal', [subject], { subject, withdrawals: [...before, entry] });
}
