import type { OpenCustody } from '../../state/index.js';
import type { CommandOf } from '../../wire/index.js';
import { Refusal } from '../../wire/refusal.js';
import { instantOf } from '../../wire/instant.js';
import type { Call } from '../call.js';

/**
 * Registers a pseudonym, with the empty list of what it has consented to: a subject without that list is not
 * known.
 */
export async function registerSubject(
  { at }: Call,
  { values }: OpenCustody,
  { subject }: CommandOf<'register-subject'>,
): Promise<void> {
  const existing = await values.get('subject', subject);
  const policies = await values.get('policies', subject);
  await guardErased(values, subject);
  if (existing !== undefined || policies !== undefined) throw new Refusal('subject-already-registered');
  values.put('subject', [subject], { subject, status: 'active', registeredAt: instantOf(at) });
  values.put('policies', [subject], { subject, consents: [] });
}

/** @throws Refusal `subject-unknown`, `subject-erased` */
export async function requireSubject({ values }: OpenCustody, subject: string): Promise<void> {
  const registered = await values.get('subject', subject);
  if (registered !== undefined) return;
  await guardErased(values, subject);
  throw new Refusal('subject-unknown');
}

async function guardErased(values: OpenCustody['values'], subject: string): Promise<void> {
  if ((await values.get('erasure', 'subject', subject)) !== undefined) throw new Refusal('subject-erased');
}
