import type { OpenCustody } from '../../state/index.js';
import type { CommandOf } from '../../wire/index.js';
import { instantOf } from '../../wire/instant.js';
import { Refusal } from '../../wire/refusal.js';
import type { Call } from '../call.js';
import { checkEvidence } from '../evidence/check-evidence.js';

/**
 * Ends a delegation: the subject revokes it, or the delegate gives it back. What the delegate did before stays.
 * Again changes nothing.
 */
export async function endDelegation(
  call: Call,
  open: OpenCustody,
  { delegation, subject, evidence }: CommandOf<'end-delegation'>,
): Promise<void> {
  const { values } = open;
  const registered = await values.get('delegation', delegation);
  if (registered?.subject !== subject) throw new Refusal('delegation-unknown');
  if ((await values.get('delegationend', delegation)) !== undefined) return;
  await checkEvidence(call, open, evidence, {
    subject,
    content: { statement: 'delegation-end', delegation },
    delegable: (used) => used.delegation === delegation,
  });
  values.put('delegationend', [delegation], {
    delegation,
    subject,
    evidence,
    endedAt: instantOf(call.at),
    endedBy: call.caller.mspId,
  });
}
