import type { CompiledPolicy, PolicyInForce } from '../../domain/index.js';
import { checkConsentSet } from '../../domain/check-consent-set.js';
import { compileConsent } from '../../domain/compile/compile-consent.js';
import { conflicts } from '../../domain/conflicts.js';
import type { OpenCustody, PublicState } from '../../state/index.js';
import type { CommandOf, FhirResource, FiledPolicy, Statement } from '../../wire/index.js';
import { consentsReader } from '../../wire/answer-request.js';
import { Refusal } from '../../wire/refusal.js';
import { digestOf } from '../../wire/canonical.js';
import { consentContent } from '../../wire/evidence/contents.js';
import { isSignedConsentId, signedConsentId } from '../../wire/evidence/statement.js';
import { MAX_SIGNATURE_AGE, mayFile } from '../../wire/evidence/verify-evidence.js';
import { instantOf } from '../../wire/instant.js';
import { patientReference } from '../../wire/names.js';
import { withoutIdentifyingText } from '../../wire/identifying.js';
import { consentVersionId, MAX_CONSENTS } from '../../wire/values/consents.js';
import type { Call } from '../call.js';
import { checkEvidence } from '../evidence/check-evidence.js';
import { guardStudy } from './guard-study.js';
import { organizationRecipients } from './recipients.js';
import { requireSubject } from './register-subject.js';
import { writeSlips } from './write-slips.js';

/**
 * Files a consent, or the next version of one: its text, and what the rules make of it, compiled here by every
 * endorser. What the rules do not understand is refused now, so that nothing is ignored when it is evaluated. Every
 * version stays as it was filed; the newest is the one that is evaluated.
 */
export async function fileConsent(
  call: Call,
  open: OpenCustody,
  { consent, version = 1, subject, resource, evidence }: CommandOf<'file-consent'>,
): Promise<void> {
  const { at, caller, publicState } = call;
  const { values } = open;
  const policy = compile(resource, {
    consent,
    subject,
    purposeSystems: open.custody.policy.purposeSystems ?? [],
  });
  await requireSubject(open, subject);
  const id = consentVersionId(consent, version);
  const existing = await values.get('consent', ...id);
  const policies = await values.get('policies', subject);
  const before = policies?.consents ?? [];
  const current = before.find((filed) => filed.consent === consent);
  if (version === 1 && existing !== undefined) throw new Refusal('consent-already-filed');
  if (version !== (current?.version ?? 0) + 1) throw new Refusal('consent-version-conflict');
  if (current === undefined && before.length >= MAX_CONSENTS) throw new Refusal('consent-limit-reached');
  const others = before.filter((filed) => filed !== current);
  guardSuperseded(policy, current?.policy, others);
  await guardRecipients(policy, publicState);
  const filing = { policy, before: current?.policy, others, subject };
  await guardStudy(call, open.custody.custodian, resource, filing);
  guardStanding(policy, current?.policy, (await consentsReader(open)(subject)) ?? [], at);
  const ended = others.map((other) => other.policy).filter(({ id }) => policy.supersedes.includes(id));
  if (current !== undefined) ended.push(current.policy);
  const signature = await checkEvidence(call, open, evidence, {
    subject,
    content: consentContent({ resource, consent, version }),
    maxAge: MAX_SIGNATURE_AGE,
    delegable: (delegation) => mayFile(delegation, policy, ended),
  });
  if (version === 1) guardId(consent, signature?.statement);

  values.put('consent', id, {
    consent,
    version,
    subject,
    resource,
    digest: digestOf(resource),
    evidence,
    filedAt: instantOf(at),
    filedBy: caller.mspId,
  });
  const filed = { consent, version, evidence: evidence.kind, policy };
  values.put('policies', [subject], {
    ...(policies?.legalBases !== undefined && { legalBases: policies.legalBases }),
    subject,
    consents:
      current === undefined ? [...before, filed] : before.map((one) => (one === current ? filed : one)),
  });
  await writeSlips(call, open, {
    subject,
    filed,
    before: current?.policy,
    others: others.map((other) => other.policy),
  });
}

/** What has ended by being superseded has ended for good: a new version names all that the one before it named. */
function guardSuperseded(
  policy: CompiledPolicy,
  before: CompiledPolicy | undefined,
  others: readonly FiledPolicy[],
): void {
  const onFile = new Set(others.map(({ consent }) => consent));
  const isWhole = before?.supersedes.every((id) => policy.supersedes.includes(id)) ?? true;
  const policies = [policy, ...others.map((other) => other.policy)];
  const isCircular = checkConsentSet(policies, { subjects: [policy.subject] }).length > 0;
  if (!isWhole || isCircular || !policy.supersedes.every((id) => onFile.has(id))) {
    throw new Refusal('consent-supersedes-refused');
  }
}

/**
 * A withdrawn consent is not changed any more, and a permit that a deny in force would silently defeat is not filed
 * (docs/consent.md, "Conflicts at filing").
 */
function guardStanding(
  policy: CompiledPolicy,
  before: CompiledPolicy | undefined,
  held: readonly PolicyInForce[],
  at: number,
): void {
  if (held.some((one) => one.policy.id === policy.id && one.withdrawnAt !== undefined))
    throw new Refusal('consent-is-withdrawn');
  if (before !== undefined && (before.dialect === 'r5') !== (policy.dialect === 'r5'))
    throw new Refusal('consent-dialect-fixed');
  const found = conflicts(policy, held, at);
  if (found.length > 0)
    throw new Refusal('consent-conflicts', [...new Set(found.map(({ permit }) => permit))]);
}

/** What was signed is one consent, and its id says so: so it is accepted once. */
function guardId(consent: string, statement: Statement | undefined): void {
  const isRight =
    statement === undefined ? !isSignedConsentId(consent) : consent === signedConsentId(statement);
  if (!isRight) throw new Refusal('consent-id-refused', ['Consent.id']);
}

/** @throws Refusal with the FHIRPaths of what is wrong */
function compile(
  resource: FhirResource,
  {
    consent,
    subject,
    purposeSystems,
  }: { readonly consent: string; readonly subject: string; readonly purposeSystems: readonly string[] },
): CompiledPolicy {
  const { removed } = withoutIdentifyingText(resource);
  if (removed.length > 0) throw new Refusal('consent-identifies-person', removed);
  const compiled = compileConsent(resource, { purposeSystems });
  if (!compiled.ok) {
    throw new Refusal(
      'consent-refused',
      compiled.problems.map(({ path }) => path),
    );
  }
  const { policy } = compiled;
  if (policy.id !== consent) throw new Refusal('consent-not-of-subject', ['Consent.id']);
  if (policy.subject !== patientReference(subject))
    throw new Refusal('consent-not-of-subject', ['Consent.patient']);
  return policy;
}

/** An organisation that nobody knows could never be recognised as the requester. */
async function guardRecipients(policy: CompiledPolicy, publicState: PublicState): Promise<void> {
  const unknown: string[] = [];
  for (const { name, path } of organizationRecipients(policy)) {
    if ((await publicState.nameHolder(name)) === undefined) unknown.push(path);
  }
  if (unknown.length > 0) throw new Refusal('consent-actor-not-member', unknown);
}
