import type { OpenCustody } from '../../state/index.js';
import type { Proof, Statement, SubjectKey } from '../../wire/index.js';
import { isCounterPlausible } from '../../wire/evidence/passkey-assertion.js';
import { verifyProof } from '../../wire/evidence/verify-proof.js';
import { Refusal } from '../../wire/refusal.js';

/**
 * A key that signs for that subject now.
 * @throws Refusal `evidence-key-unknown`, `evidence-key-ended`
 */
export async function keyInForce({ values }: OpenCustody, subject: string, kid: string): Promise<SubjectKey> {
  const key = await values.get('key', subject, kid);
  const end = await values.get('keyend', subject, kid);
  if (key === undefined) throw new Refusal('evidence-key-unknown');
  if (end !== undefined) throw new Refusal('evidence-key-ended');
  return key;
}

/**
 * Verifies a signature, and notes how far the authenticator has counted where this transaction writes to the collection
 * that keeps it. A withdrawal does not: it is never held up by a counter.
 * @throws Refusal `evidence-signature-refused`, `evidence-counter-refused`
 */
export async function checkProof(
  open: OpenCustody,
  key: SubjectKey,
  proof: Proof,
  statement: Statement,
  counts: boolean,
): Promise<void> {
  const verdict = verifyProof(proof, statement, key);
  if (!verdict.ok) throw new Refusal('evidence-signature-refused', [`$.proof.${verdict.fault}`]);
  if (counts && key.passkey !== undefined) await count(open, key, verdict.count);
}

async function count({ values }: OpenCustody, { subject, key }: SubjectKey, seen: number): Promise<void> {
  const highest = (await values.get('keycount', subject, key))?.count ?? 0;
  if (!isCounterPlausible(seen, highest)) throw new Refusal('evidence-counter-refused');
  if (seen > 0) values.put('keycount', [subject, key], { subject, key, count: seen });
}
