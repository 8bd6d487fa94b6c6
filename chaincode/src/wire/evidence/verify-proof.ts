import type { Proof } from '../values/evidence.js';
import type { SubjectKey } from '../values/subject-keys.js';
import { verifyAssertion, type AssertionVerdict } from './passkey-assertion.js';
import { isStatementJws, readStatementHeader } from './statement-jws.js';
import type { Statement } from './statement.js';

/** Which key a proof names; undefined where it names none. Trust nothing of it yet. */
export function keyOfProof(proof: Proof): string | undefined {
  return proof.method === 'webauthn' ? proof.key : readStatementHeader(proof.jws)?.kid;
}

/**
 * Verifies a signature over a statement by a registered key, which may be revoked by now: that, and the sign counter,
 * are for the caller to look at.
 */
export function verifyProof(proof: Proof, statement: Statement, key: SubjectKey): AssertionVerdict {
  if (proof.method === 'webauthn') return verifyAssertion(proof, statement, key);
  return isStatementJws(proof.jws, statement, key)
    ? { ok: true, count: 0 }
    : { ok: false, fault: 'signature' };
}
