import { randomBytes } from 'node:crypto';
import {
  compileConsent,
  conflicts,
  type CompiledPolicy,
  type Disposition,
  type PolicyInForce,
} from '@consent-ledger/chaincode/domain';
import {
  consentVersionId,
  digestOf,
  primitives,
  withoutIdentifyingText,
  type Consent,
  type FhirResource,
  type FiledEvidence,
  type WithdrawalEntry,
} from '@consent-ledger/chaincode/wire';
import { findConsent, policiesInForce, withdrawalOf } from './consent-versions.js';
import type { CustodyView } from './custody-view.js';
import { freshBytes } from './idempotent-run.js';
import { Refusal } from './refusal.js';
import type { Committed, Transactions } from './transactions.js';

/** Registers a new subject under 128 random bits. */
export async function registerSubject(
  custody: CustodyView,
  transactions: Transactions,
): Promise<Committed & { readonly subject: string }> {
  const subject = freshBytes('subject', 16).toString('hex');
  const command = { v: 1, command: 'register-subject', salt: freshSalt(), subject } as const;
  const committed = await transactions.run(command, { contract: 'custody', custodian: custody.custodian });
  return { ...committed, subject };
}

/** A consent as it came in, and how it is known who gave it. */
export interface GivenConsent {
  readonly resource: FhirResource;
  readonly evidence: FiledEvidence;
  /** Number of the version that this is to be; absent: the first. */
  readonly version?: number;
}

/**
 * Files a consent, or the next version of one, after leaving out narrative and display texts. Throws a Refusal:
 * `consent-refused` with the FHIRPaths of what is not understood, `consent-conflicts` with each pair and its question.
 */
export async function fileConsent(
  { resource: given, evidence, version = 1 }: GivenConsent,
  custody: CustodyView,
  transactions: Transactions,
): Promise<Committed & { readonly filed: Consent }> {
  const { resource } = withoutIdentifyingText(given);
  const policy = requireUnderstood(resource, custody);
  const consent = idOf(resource);
  const subject = subjectOf(resource);
  const command = {
    v: 1,
    command: 'file-consent',
    salt: freshSalt(),
    consent,
    ...(version === 1 ? {} : { version }),
    subject,
    resource,
    evidence,
  } as const;
  const committed = await transactions
    .run(
      command,
      { contract: 'custody', custodian: custody.custodian },
      { turn: `${custody.custodian} ${subject}` },
    )
    .catch((error: unknown) => {
      if (!(error instanceof Refusal) || error.code !== 'consent-conflicts') throw error;
      throw explained(error, policy, policiesInForce(subject, custody));
    });
  const held = custody.get('consent', ...consentVersionId(consent, version));
  if (held === undefined) throw new Refusal('event-pending');
  return { ...committed, filed: held.value };
}

/**
 * The endorsers can only answer with places, and this with pairs. Searched for after they refused: a search is not cheap,
 * and most consents conflict with nothing.
 */
function explained(refusal: Refusal, policy: CompiledPolicy, held: readonly PolicyInForce[]): Refusal {
  const found = conflicts(policy, held, Date.now());
  // What the endorsers saw is not in the projection yet: then the places must do.
  if (found.length === 0) return refusal;
  return new Refusal('consent-conflicts', { conflicts: found, cause: refusal });
}

/** Withdraws a consent, at its custodian or at oversight: either may, so that nobody can hold one up. */
export async function withdrawConsent(
  asked: {
    readonly consent: string;
    readonly evidence: FiledEvidence;
    readonly reason: string | undefined;
    /** Of a study's consent: what shall become of what was collected. */
    readonly collected?: Disposition | undefined;
  },
  custody: CustodyView,
  transactions: Transactions,
): Promise<Committed & { readonly withdrawal: WithdrawalEntry }> {
  const { consent, evidence, reason, collected } = asked;
  const { value, withdrawal: earlier } = findConsent(consent, custody);
  if (earlier !== undefined) return standing(value, earlier, custody);
  const command = {
    v: 1,
    command: 'withdraw',
    salt: freshSalt(),
    consent,
    subject: value.subject,
    evidence,
    ...(reason === undefined ? {} : { reason }),
    ...(collected === undefined ? {} : { collected }),
  } as const;
  const committed = await transactions.run(
    command,
    { contract: 'withdrawal', custodian: custody.custodian },
    { turn: `${custody.custodian} ${value.subject}` },
  );
  const withdrawal = withdrawalOf(value, custody);
  if (withdrawal === undefined) throw new Refusal('event-pending');
  return { ...committed, withdrawal };
}

/** A withdrawal by word of mouth: what there is evidence of is the word of whoever took it, which is this statement. */
export function byWordOfMouth(consent: string, by: string): FiledEvidence {
  return { kind: 'witnessed', by, form: digestOf({ statement: 'withdrawal by word of mouth', consent, by }) };
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

/** The endorsers compile it again and are the ones who decide; they can only answer with places, and this with reasons. */
function requireUnderstood(resource: FhirResource, { custody }: CustodyView): CompiledPolicy {
  const compiled = compileConsent(resource, { purposeSystems: custody.policy.purposeSystems ?? [] });
  if (!compiled.ok) throw new Refusal('consent-refused', { errors: compiled.problems });
  return compiled.policy;
}

function idOf(resource: FhirResource): string {
  const id = resource['id'];
  if (primitives.fhirId.safeParse(id).success) return id as string;
  throw refusedAt('Consent.id', 'must be a FHIR id');
}

/** Whose consent it is. Throws a Refusal `consent-refused` where it does not say. */
export function subjectOf(resource: FhirResource): string {
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
