import { bytesOf, putCustody, readCustody } from '../../state/index.js';
import { Refusal, organizationReference, type CommandOf } from '../../wire/index.js';
import type { Call } from '../call.js';

/** Opens a custodian's collection: its pepper, under which every other key is found, and what it does where nobody has spoken. */
export async function openNewCustody(
  { stub, publicState }: Call,
  custodian: string,
  { pepper, policy, salt }: CommandOf<'open-custody'>,
): Promise<void> {
  const member = await publicState.member(custodian);
  if (member === undefined) throw new Refusal('member-unknown');
  if (member.kind !== 'hospital') throw new Refusal('member-not-custodian');
  if ((await readCustody(stub, custodian)) !== undefined) throw new Refusal('custody-already-open');
  const organization = organizationReference(member.name);
  await putCustody(stub, { custodian, organization, pepper, policy }, bytesOf(salt));
}
