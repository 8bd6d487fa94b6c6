import { isUsableHybridJwk } from '../../wire/hybrid-key.js';
import type { CommandOf, EncryptionJwk, Member, MemberKeyEntry } from '../../wire/index.js';
import { Refusal } from '../../wire/refusal.js';
import { isUsableJwk } from '../../wire/jws.js';
import type { Call } from '../call.js';

/**
 * Writes what a member says about itself. Name and kind are settled by the first registration, since consents
 * name members by the one and oversight rests on the other. Keys are only ever added or retired, so that
 * every signature can be verified for ever.
 */
export async function registerMember(
  { publicState }: Call,
  { member }: CommandOf<'register-member'>,
): Promise<void> {
  if ((await publicState.ledger()) === undefined) throw new Refusal('ledger-not-founded');
  const existing = await publicState.member(member.mspId);
  const holder = await publicState.nameHolder(member.name);
  if (holder !== undefined && holder.mspId !== member.mspId) throw new Refusal('member-name-taken');
  if (existing !== undefined && (existing.name !== member.name || existing.kind !== member.kind)) {
    throw new Refusal('member-identity-fixed');
  }
  guardKeys(existing?.keys ?? [], member.keys);

  const value: Member = { v: 1, ...member, status: existing?.status ?? 'active' };
  publicState.putMember(value);
  if (holder === undefined) publicState.putNameHolder(member.name, { v: 1, mspId: member.mspId });
}

function guardKeys(before: readonly MemberKeyEntry[], after: readonly MemberKeyEntry[]): void {
  const unusable = after.flatMap(({ jwk }, index) => (isUsable(jwk) ? [] : [`$.member.keys[${index}].jwk`]));
  if (unusable.length > 0) throw new Refusal('member-key-unusable', unusable);
  // Keys are never removed: who has once had a hybrid key does not go back.
  const weaker = after.some((key) => key.use === 'enc' && key.jwk.kty === 'EC' && key.status === 'active');
  if (weaker && after.some(({ jwk }) => jwk.kty === 'AKP')) throw new Refusal('member-key-weaker');
  for (const key of before) {
    const kept = after.find(({ kid }) => kid === key.kid);
    const revived = key.status === 'retired' && kept?.status === 'active';
    if (kept?.use !== key.use || revived) throw new Refusal('member-key-fixed');
  }
}

function isUsable(jwk: EncryptionJwk): boolean {
  return jwk.kty === 'EC' ? isUsableJwk(jwk) : isUsableHybridJwk(jwk);
}
