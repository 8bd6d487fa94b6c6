import type { CompiledPolicy } from '../../domain/index.js';
import { compileConsent } from '../../domain/compile/compile-consent.js';
import type { OpenCustody, PublicState } from '../../state/index.js';
import type { CommandOf, FhirResource } from '../../wire/index.js';
import { Refusal } from '../../wire/refusal.js';
import { digestOf } from '../../wire/canonical.js';
import { instantOf } from '../../wire/instant.js';
import { patientReference } from '../../wire/names.js';
import { withoutIdentifyingText } from '../../wire/identifying.js';
import type { Call } from '../call.js';
import { organizationRecipients } from './recipients.js';
import { requireSubject } from './register-subject.js';

/**
 * Files a consent: its text, and what the rules make of it, compiled here by every endorser. What the rules
 * do not understand is refused now, so that nothing is ignored when it is evaluated. An id is used once; a
 * changed consent is another one.
 */
export async function fileConsent(
  { at, caller, publicState }: Call,
  open: OpenCustody,
  { consent, subject, resource, evidence }: CommandOf<'file-consent'>,
): Promise<void> {
  const { values } = open;
  const policy = compile(resource, consent, subject);
  await requireSubject(open, subject);
  const existing = await values.get('consent', consent);
  const policies = await values.get('policies', subject);
  if (existing !== undefined) throw new Refusal('consent-already-filed');
  const before = policies?.consents ?? [];
  const onFile = new Set(before.map((filed) => filed.consent));
  if (!policy.supersedes.every((id) => onFile.has(id))) throw new Refusal('consent-supersedes-refused');
  await guardRecipients(policy, publicState);

  const version = 1;
  await values.put('consent', [consent], {
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
  await values.put('policies', [subject], { subject, consents: [...before, filed] });
}

/** @throws Refusal with the FHIRPaths of what is wrong */
function compile(resource: FhirResource, consent: string, subject: string): CompiledPolicy {
  const { removed } = withoutIdentifyingText(resource);
  if (removed.length > 0) throw new Refusal('consent-identifies-person', removed);
  const compiled = compileConsent(resource);
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
