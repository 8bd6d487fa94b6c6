import type { CompiledPolicy } from '../../domain/index.js';
import { liesWithin } from '../../domain/lies-within.js';
import type { OpenCustody } from '../../state/index.js';
import type { CommandOf, Delegation, WithdrawalEntry } from '../../wire/index.js';
import { Refusal } from '../../wire/refusal.js';
import { instantOf } from '../../wire/instant.js';
import type { Call } from '../call.js';
import { checkEvidence } from '../evidence/check-evidence.js';

/**
 * Notes that a subject withdraws a consent. Custodian or oversight organisation alone is enough, so the
 * custodian cannot hold it up. The consent's own value is what proves that there is something to withdraw: it
 * never changes, so that no filing of another consent can make this transaction invalid; keys and delegations
 * are written once, too. A second withdrawal of the same consent changes nothing.
 */
export async function withdraw(
  call: Call,
  open: OpenCustody,
  { consent, subject, evidence, reason }: CommandOf<'withdraw'>,
): Promise<void> {
  const { values, withdrawals } = open;
  const filed = await values.get('consent', consent);
  if (filed?.subject !== subject) throw new Refusal('consent-unknown');
  const before = (await withdrawals.get('withdrawal', subject))?.withdrawals ?? [];
  if (before.some((entry) => entry.consent === consent)) return;
  if ((await withdrawals.get('withdrawn', consent)) !== undefined) return;
  const policy = evidence.kind === 'delegated' ? await newestOf(open, subject, consent) : undefined;
  const given = reason !== undefined && { reason };
  await checkEvidence(call, open, evidence, {
    subject,
    content: { statement: 'withdrawal', consent, ...given },
    delegable: ({ scope }) => policy !== undefined && mayWithdraw(scope, policy),
    counts: false,
  });

  const at = instantOf(call.at);
  const by = call.caller.mspId;
  const entry: WithdrawalEntry = { consent, at, by, evidence: evidence.kind, ...given };
  withdrawals.put('withdrawal', [subject], { subject, withdrawals: [...before, entry] });
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

function mayWithdraw(scope: Delegation['scope'], policy: CompiledPolicy): boolean {
  return scope.acts.includes('withdraw') && liesWithin(policy, scope);
}
