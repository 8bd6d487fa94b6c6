import type { User } from '../ports/token-verifier.js';
import { isOversight, type Members } from '../usecases/members.js';
import { Refusal } from '../usecases/refusal.js';

/** An auditor speaks for an oversight organisation, and for no other. Throws a Refusal `role-missing`. */
export function guardSignatory({ roles }: User, members: Members): void {
  if (!roles.includes('privacy-officer') && !isOversight(members.own)) throw new Refusal('role-missing');
}
