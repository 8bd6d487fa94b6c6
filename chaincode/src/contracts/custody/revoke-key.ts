import type { OpenCustody } from '../../state/index.js';
import type { CommandOf } from '../../wire/index.js';
import { instantOf } from '../../wire/instant.js';
import { Refusal } from '../../wire/refusal.js';
import type { Call } from '../call.js';
import { checkEvidence } from '../evidence/check-evidence.js';

/**
 * Ends a key that is lost or in other hands: witnessed, or signed by any key that the subject has. What it
 * signed before stays; it signs nothing more. Again changes nothing.
 */
export async function revokeKey(
  call: Call,
  open: OpenCustody,
  { subject, key, evidence }: CommandOf<'revoke-key'>,
): Promise<void> {
  const { values } = open;
  const registered = await values.get('key', subject, key);
  if (registered === undefined) throw new Refusal('subject-key-unknown');
  if ((await values.get('keyend', subject, key)) !== undefined) return;
  await checkEvidence(call, open, evidence, {
    subject,
    content: { statement: 'key-end', key },
  });
  values.put('keyend', [subject, key], {
    subject,
    key,
    reason: 'revoked',
    evidence,
    endedAt: instantOf(call.at),
    endedBy: call.caller.mspId,
  });
}
