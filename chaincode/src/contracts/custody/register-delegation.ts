import { isKnownPurpose } from '../../domain/purposes.js';
import type { OpenCustody } from '../../state/index.js';
import type { CommandOf } from '../../wire/index.js';
import { MAX_SIGNATURE_AGE } from '../../wire/evidence/verify-evidence.js';
import { instantOf, millisecondsOf } from '../../wire/instant.js';
import { Refusal } from '../../wire/refusal.js';
import type { Call } from '../call.js';
import { checkEvidence } from '../evidence/check-evidence.js';
import { requireSubject } from './register-subject.js';

/**
 * Registers who may act for a subject: signed by the subject, or witnessed, with the hash of the form or of the
 * court's order. It is never changed; another scope or period is another delegation.
 */
export async function registerDelegation(
  call: Call,
  open: OpenCustody,
  { delegation, subject, delegate, relationship, scope, period, evidence }: CommandOf<'register-delegation'>,
): Promise<void> {
  const { values } = open;
  if (delegate === subject) throw new Refusal('command-malformed', ['$.delegate']);
  const { purposeSystems } = open.custody.policy;
  const unknown = (scope.purposes ?? []).flatMap((purpose, index) =>
    isKnownPurpose(purpose, purposeSystems) ? [] : [`$.scope.purposes[${index}]`],
  );
  if (unknown.length > 0) throw new Refusal('command-malformed', unknown);
  if (millisecondsOf(period.end) <= call.at) throw new Refusal('delegation-not-in-force');
  await requireSubject(open, subject);
  await requireSubject(open, delegate);
  if ((await values.get('delegation', delegation)) !== undefined) {
    throw new Refusal('delegation-already-registered');
  }
  await checkEvidence(call, open, evidence, {
    subject,
    content: { statement: 'delegation', delegation, delegate, relationship, scope, period },
    maxAge: MAX_SIGNATURE_AGE,
  });
  values.put('delegation', [delegation], {
    delegation,
    subject,
    delegate,
    relationship,
    scope,
    period,
    evidence,
    registeredAt: instantOf(call.at),
    registeredBy: call.caller.mspId,
  });
}
