import { randomBytes } from 'node:crypto';
import { compileConsent } from '@consent-ledger/chaincode/domain';
import {
  digestOf,
  withoutIdentifyingText,
  type Consent,
  type FhirResource,
  type WithdrawalEntry,
} from '@consent-ledger/chaincode/wire';
import type { CustodyView, Held } from './custody-view.js';
import { Refusal } from './refusal.js';
import type { Committed, Transactions } from './transactions.js';

/** A consent as the ledger holds it, and whether it was withdrawn. */
export interface FiledConsent extends Held<Consent> {
  readonly withdrawal: WithdrawalEntry | undefined;
}

/** Registers a new subject under 128 random bits. */
export async function registerSubject(
  custody: CustodyView,
  transactions: Transactions,
): Promise<Committed & { readonly subject: string }> {
  const subject = randomBytes(16).toString('hex');
  const command = { v: 1, command: 'register-subject', salt: freshSalt(), subject } as const;
  const committed = await transactions.run(command, { contract: 'custody', custodian: custody.custodian });
  return { ...committed, subject };
}

/**
 * Files a consent after leaving out narrative and display texts. `by` is the pseudonym of the clerk who saw it signed,
 * `form` the SHA-256 of what was signed. Throws a Refusal, `consent-refused` with the FHIRPaths of what is not understood.
 */
export async function fileConsent(
  given: { readonly resource: FhirResource; readonly by: string; readonly form: string },
  custody: CustodyView,
  transactions: Transactions,
): Promise<Committed & { readonly filed: Consent }> {
  const { resource } = withoutIdentifyingText(given.resource);
  requireUnderstood(resource);
  const consent = idOf(resource);
  const command = {
    v: 1,
    command: 'file-consent',
    salt: freshSalt(),
    consent,
    subject: subjectOf(resource),
    resource,
    evidence: { kind: 'witnessed', by: given.by, form: given.form },
  } as const;
  const committed = await transactions.run(command, { contract: 'custody', custodian: custody.custodian });
  const held = custody.get('consent', consent);
  if (held === undefined) throw new Refusal('event-pending');
  return { ...committed, filed: held.value };
}

/** Throws a Refusal `consent-unknown`. */
export function findConsent(consent: string, custody: CustodyView): FiledConsent {
  const held = custody.get('consent', consent);
  if (held === undefined) throw new Refusal('consent-unknown');
  return { ...held, withdrawal: withdrawalOf(held.value, custody) };
}

/** Withdraws a consent, at its custodian or at oversight: either may, so that nobody can hold one up. */
export async function withdrawConsent(
  asked: {
    readonly consent: string;
    readonly by: string;
    readonly form: string | undefined;
    readonly reason: string | undefined;
  },
  custody: CustodyView,
  transactions: Transactions,
): Promise<Committed & { readonly withdrawal: WithdrawalEntry }> {
  const { consent, by, reason } = asked;
  const { value, withdrawal: earlier } = findConsent(consent, custody);
  if (earlier !== undefined) return standing(value, earlier, custody);
  // Without a form, what there is evidence of is the clerk's own word: this statement.
  const form =
    asked.form ?? digestOf({ statement: 'withdrawal by word of mouth', consent, subject: value.subject, by });
  const command = {
    v: 1,
    command: 'withdraw',
    salt: freshSalt(),
    consent,
    subject: value.subject,
    evidence: { kind: 'witnessed', by, form },
    ...(reason === undefined ? {} : { reason }),
  } as const;
  const committed = await transactions.run(command, { contract: 'withdrawal', custodian: custody.custodian });
  const withdrawal = withdrawalOf(value, custody);
  if (withdrawal === undefined) throw new Refusal('event-pending');
  return { ...committed, withdrawal };
}

/** A second withdrawal changes nothing; what stands is the first. */
function standing(
  { subject }: Consent,
  withdrawal: WithdrawalEntry,
  custody: CustodyView,
): Committed & { readonly withdrawal: WithdrawalEntry } {
  const held = custody.get('withdrawal', subject);
  if (held === undefined) throw new Refusal('event-pending');
  return { transaction: held.transaction, block: held.block, withdrawal };
}

function withdrawalOf({ consent, subject }: Consent, custody: CustodyView): WithdrawalEntry | undefined {
  return custody.get('withdrawal', subject)?.value.withdrawals.find((entry) => entry.consent === consent);
}

/** The endorsers compile it again and are the ones who decide; they can only answer with places, and this with reasons. */
function requireUnderstood(resource: FhirResource): void {
  const compiled = compileConsent(resource);
  if (!compiled.ok) throw new Refusal('consent-refused', { errors: compiled.problems });
}

function idOf(resource: FhirResource): string {
  const id = resource['id'];
  if (typeof id === 'string' && /^[A-Za-z0-9.-]{1,64}$/.test(id)) return id;
  throw refusedAt('Consent.id', 'must be a FHIR id');
}

function subjectOf(resource: FhirResource): string {
  // R4 names the patient `patient`, R5 `subject`.
  const patient = resource['patient'] ?? resource['subject'];
  const reference =
    typeof patient === 'object' && patient !== null && 'reference' in patient
      ? patient['reference']
      : undefined;
  const subject =
    typeof reference === 'string' ? /^Patient\/([A-Za-z0-9.-]{1,64})$/.exec(reference)?.[1] : undefined;
  if (subject === undefined) throw refusedAt('Consent.patient', 'must be Patient/<subject>');
  return subject;
}

function refusedAt(path: string, message: string): Refusal {
  return new Refusal('consent-refused', { errors: [{ path, message }] });
}

function freshSalt(): string {
  return randomBytes(32).toString('base64url');
}
