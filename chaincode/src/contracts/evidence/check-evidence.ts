import type { OpenCustody } from '../../state/index.js';
import type { EvidenceState, FiledEvidence, SubjectKey } from '../../wire/index.js';
import { isCounterPlausible } from '../../wire/evidence/passkey-assertion.js';
import { verifyEvidence, type Act, type VerifiedSignature } from '../../wire/evidence/verify-evidence.js';
import { Refusal } from '../../wire/refusal.js';
import type { Call } from '../call.js';

/** What evidence is verified against, read by its keys. */
export async function evidenceState(
  { publicState }: Call,
  { custody, values }: OpenCustody,
): Promise<EvidenceState> {
  const ledger = await publicState.ledger();
  if (ledger === undefined) throw new Refusal('ledger-not-founded');
  return {
    ledgerId: ledger.id,
    custodian: custody.custodian,
    get: (kind, ...id) => values.get(kind, ...id),
  };
}

/**
 * Verifies how it is known that a subject wants what is done in their name, and notes how far a passkey's
 * authenticator has counted.
 * @throws Refusal `evidence-...`, `delegation-...`
 */
export async function checkEvidence(
  call: Call,
  open: OpenCustody,
  evidence: FiledEvidence,
  act: Omit<Act, 'at'>,
): Promise<VerifiedSignature | undefined> {
  const signature = await verifyEvidence(await evidenceState(call, open), evidence, { ...act, at: call.at });
  if (signature !== undefined) await count(open, signature.key, signature.count);
  return signature;
}

/** @throws Refusal `evidence-counter-refused` */
export async function count(
  { values }: OpenCustody,
  { subject, key, passkey }: SubjectKey,
  seen: number,
): Promise<void> {
  if (passkey === undefined) return;
  const highest = (await values.get('keycount', subject, key))?.count ?? 0;
  if (!isCounterPlausible(seen, highest)) throw new Refusal('evidence-counter-refused');
  if (seen > 0) values.put('keycount', [subject, key], { subject, key, count: seen });
}
