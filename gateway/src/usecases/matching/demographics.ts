import type { Demographics, DemographicsHeld } from '@consent-ledger/chaincode/wire/http';
import type { PatientIndex } from '../../ports/patient-index.js';
import type { CustodyView } from '../custody-view.js';
import { unknownSubject } from '../erased.js';
import { Refusal } from '../refusal.js';

export interface DemographicsOptions {
  readonly custody: CustodyView;
  readonly index: PatientIndex;
  readonly now: () => number;
}

/** Throws a Refusal `match-incomplete` where it could be too many people. `root` stands in the messages. */
export function requireEnough({ gender, identifier, address, telecom }: Demographics, root: string): void {
  const isSaid =
    gender === 'male' ||
    gender === 'female' ||
    (identifier ?? []).length > 0 ||
    (telecom ?? []).length > 0 ||
    (address ?? []).some(({ postalCode }) => postalCode !== undefined);
  if (isSaid) return;
  const message = 'says neither gender, identifier, postal code, phone nor email';
  throw new Refusal('match-incomplete', { errors: [{ path: root, message }] });
}

/** Replaces what a subject is found by. Throws a Refusal: `subject-unknown`, `subject-erased`, `match-incomplete`. */
export async function replaceDemographics(
  subject: string,
  patient: Demographics | null,
  { custody, index, now }: DemographicsOptions,
): Promise<DemographicsHeld> {
  requireSubject(subject, custody);
  if (patient !== null) requireEnough(patient, '$.patient');
  await index.replace(subject, patient ?? undefined, now());
  // Whoever was erased meanwhile is forgotten by whichever of the two comes last.
  if (custody.get('subject', subject) === undefined) {
    index.forget(subject);
    throw unknownSubject(subject, custody);
  }
  return heldDemographics(subject, { custody, index });
}

/** Throws a Refusal: `subject-unknown`, `subject-erased`. */
export async function heldDemographics(
  subject: string,
  { custody, index }: Omit<DemographicsOptions, 'now'>,
): Promise<DemographicsHeld> {
  requireSubject(subject, custody);
  const held = await index.find(subject);
  if (held === undefined) return { subject, patient: null };
  return { subject, patient: held.patient, changedAt: new Date(held.changedAt).toISOString() };
}

function requireSubject(subject: string, custody: CustodyView): void {
  if (custody.get('subject', subject) === undefined) throw unknownSubject(subject, custody);
}
