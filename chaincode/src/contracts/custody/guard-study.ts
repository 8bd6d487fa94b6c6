import type { CompiledPolicy } from '../../domain/index.js';
import { studyResource } from '../../domain/study-resource.js';
import { StudyReader } from '../../state/study-state.js';
import type { FhirResource, FiledPolicy } from '../../wire/index.js';
import { canonicalText } from '../../wire/canonical.js';
import { Refusal } from '../../wire/refusal.js';
import type { Call } from '../call.js';

export interface StudyFiling {
  readonly policy: CompiledPolicy;
  /** The version before it. */
  readonly before: CompiledPolicy | undefined;
  /** The subject's other consents, in force or not. */
  readonly others: readonly FiledPolicy[];
  readonly subject: string;
}

/**
 * A study's consent is for a study that is run here, to a version of its protocol, and chooses among what it offers. It has the one
 * text that its choices give, so that what the sponsor is told was chosen is what the evaluator decides. A participant has one
 * consent to a study: what changes is its next version, and a withdrawal is for good.
 *
 * @throws Refusal `consent-study-refused` with the FHIRPaths of what is wrong
 */
export async function guardStudy(
  { publicState, stub }: Call,
  site: string,
  resource: FhirResource,
  { policy, before, others, subject }: StudyFiling,
): Promise<void> {
  const { study } = policy;
  if (before !== undefined && before.study?.study !== study?.study) refuse('Consent.extension');
  if (study === undefined) return;
  if (others.some((other) => other.policy.study?.study === study.study)) refuse('Consent.extension');
  const registered = await new StudyReader(stub, publicState, site).get(study.study);
  if (registered === undefined) return refuse('Consent.extension');
  const { terms } = registered;
  const { protocol, choices, collected = [] } = study;
  const isOffered =
    terms.protocols.some(({ version }) => version === protocol) &&
    choices.every((choice) => terms.choices.includes(choice)) &&
    collected.every(
      ({ choice, disposition }) =>
        !choices.includes(choice) &&
        terms.withdrawal[choice === 'samples' ? 'samples' : 'data'].includes(disposition),
    );
  if (!isOffered) refuse('Consent.extension');
  const only = studyResource({
    id: policy.id,
    subject,
    study: study.study,
    protocol,
    choices,
    collected,
    sponsor: registered.study.organization,
    thirdParties: terms.thirdParties,
  });
  if (canonicalText(only) !== canonicalText(resource)) refuse('Consent.provision');
}

function refuse(path: string): never {
  throw new Refusal('consent-study-refused', [path]);
}
