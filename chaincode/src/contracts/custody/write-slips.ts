import type { CompiledPolicy } from '../../domain/index.js';
import { policyFor } from '../../domain/policy-for.js';
import { bytesOf } from '../../state/custody-state.js';
import type { OpenCustody } from '../../state/index.js';
import type { FiledPolicy } from '../../wire/index.js';
import { instantOf } from '../../wire/instant.js';
import { personInSlip } from '../../wire/keys.js';
import { organizationReference, patientReference } from '../../wire/names.js';
import { Refusal } from '../../wire/refusal.js';
import type { Call } from '../call.js';
import { organizationRecipients } from './recipients.js';

export interface FiledVersion {
  readonly subject: string;
  readonly filed: FiledPolicy;
  /** The version before it. */
  readonly before?: CompiledPolicy | undefined;
  /** The subject's other consents. */
  readonly others: readonly CompiledPolicy[];
}

/**
 * Writes a slip for each other member that the consent names as recipient, and ends those of members that only the version before
 * it named. What is written is read before, so that it is part of the one history of the consent.
 */
export async function writeSlips(
  call: Call,
  open: OpenCustody,
  { subject, filed, before, others }: FiledVersion,
): Promise<void> {
  const { custody, values, withdrawals } = open;
  const { consent, version, policy } = filed;
  const named = membersNamed(policy);
  const ended = before === undefined ? [] : membersNamed(before).filter((name) => !named.includes(name));
  const pepper = bytesOf(custody.pepper);
  const members = await Promise.all([...named, ...ended].map((name) => memberOf(call, name)));
  await values.readAhead(members.map(({ mspId }) => values.key('slip', consent, mspId)));
  for (const { name, mspId } of members) {
    if (mspId === custody.custodian) continue;
    const study = policy.study?.study;
    const person = personInSlip(pepper, subject, { member: mspId, study });
    const reader = {
      organization: organizationReference(name),
      subject: patientReference(person),
      known: others.filter((other) => membersNamed(other).includes(name)).map(({ id }) => id),
    };
    values.put('slip', [consent, mspId], {
      consent,
      version,
      custodian: custody.custodian,
      member: mspId,
      person,
      ...(study === undefined ? {} : { study }),
      ...(named.includes(name)
        ? { status: 'current', policy: policyFor(policy, reader) }
        : { status: 'ended' }),
      withdrawn: withdrawals.key('withdrawn', consent),
      at: instantOf(call.at),
    });
  }
}

/** Short names of the members that a consent names as recipients, each once. */
function membersNamed(policy: CompiledPolicy): readonly string[] {
  return [...new Set(organizationRecipients(policy).map(({ name }) => name))];
}

async function memberOf(call: Call, name: string): Promise<{ name: string; mspId: string }> {
  const holder = await call.publicState.nameHolder(name);
  if (holder === undefined) throw new Refusal('consent-actor-not-member');
  return { name, mspId: holder.mspId };
}
