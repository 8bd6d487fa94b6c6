import { validateContext } from '../../domain/validate-context.js';
import { bytesOf, putCustody, readCustody } from '../../state/custody-state.js';
import type { CommandOf, CustodyPolicy } from '../../wire/index.js';
import { Refusal } from '../../wire/refusal.js';
import { organizationReference } from '../../wire/names.js';
import { partsOfPolicy } from '../../wire/values/custody.js';
import type { Call } from '../call.js';

/**
 * Opens a custodian's collection: its pepper, under which every other key is found, and what it does where
 * nobody has spoken.
 */
export async function openNewCustody(
  { stub, publicState }: Call,
  custodian: string,
  { pepper, policy, salt }: CommandOf<'open-custody'>,
): Promise<void> {
  guardPolicy(policy);
  const member = await publicState.member(custodian);
  if (member === undefined) throw new Refusal('member-unknown');
  if (member.kind !== 'hospital') throw new Refusal('member-not-custodian');
  if ((await readCustody(stub, custodian)) !== undefined) throw new Refusal('custody-already-open');
  const organization = organizationReference(member.name);
  putCustody(stub, { custodian, organization, pepper, policy }, bytesOf(salt));
}

/** The policy becomes part of the context of every decision, so it must make a valid one. */
function guardPolicy(policy: CustodyPolicy): void {
  const checked = validateContext(partsOfPolicy(policy).rules);
  if (checked.ok) return;
  throw new Refusal(
    'command-malformed',
    checked.problems.map(({ path }) => `$.policy.${path}`),
  );
}
