import { WITNESSES } from '@consent-ledger/chaincode/wire/http';
import type { User } from '../ports/token-verifier.js';
import { pseudonymOf } from '../usecases/request-object.js';
import { Refusal } from '../usecases/refusal.js';

/**
 * The pseudonym of a user who attests something in a subject's name. Throws a Refusal `role-missing` for those who only pass on what
 * others sign, such as a portal.
 */
export function witnessFor({ roles, subject }: User, pseudonymKey: Uint8Array): () => string {
  return () => {
    if (!WITNESSES.some((role) => roles.includes(role))) throw new Refusal('role-missing');
    return pseudonymOf(subject, pseudonymKey);
  };
}
