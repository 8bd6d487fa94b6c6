import type { BasisEntry, ReasonCode } from './answer.js';
import { agreementIsMissing } from './agreement.js';
import type { DecisionContext } from './context.js';
import type { Asked, Facts } from './facts.js';
import { impliedPolicyPermits } from './implied-policy.js';
import { legalBasisPermits } from './legal-basis.js';
import { matchPurpose } from './match.js';
import type { CompiledPolicy } from './policy.js';
import { purposesCover } from './purposes.js';
import { earlier, say, type Saying } from './say.js';
import type { Standing } from './standing.js';
import { withoutVersion } from './references.js';
import { contains, hours } from './time.js';

const DEFAULT_REVIEW_HOURS = 72;

/** The decision on one purpose, one action and one subject. */
export interface PartDecision {
  readonly outcome: 'permit' | 'deny';
  readonly reason: ReasonCode;
  /** Every consent in force that said what was decided. */
  readonly said: readonly BasisEntry[];
  /** The consents that the reason is about, with what they said. */
  readonly about: readonly BasisEntry[];
  readonly expiresAt?: number;
  readonly reviewBy?: number;
}

interface Spoken {
  readonly standing: Standing;
  readonly saying: Saying;
}

/** The subject of a part with how that subject's consents stand. */
export interface SubjectStanding {
  readonly subject: string | undefined;
  readonly standings: readonly Standing[];
}

/** The rules of combination, in their order (docs/consent.md, "What do all of them say together"). */
export function decidePart(
  asked: Asked,
  { subject, standings }: SubjectStanding,
  facts: Facts,
  context: DecisionContext,
): PartDecision {
  const inForce: Spoken[] = [];
  const permits: Spoken[] = [];
  const denies: Spoken[] = [];
  for (const standing of standings) {
    if (!standing.inForce) continue;
    const spoken = { standing, saying: say(standing.held.policy, asked, facts) };
    inForce.push(spoken);
    if (spoken.saying !== undefined) (spoken.saying.outcome === 'permit' ? permits : denies).push(spoken);
  }
  const permit = (reason: ReasonCode, rest: Partial<PartDecision> = {}): PartDecision => ({
    outcome: 'permit',
    reason,
    said: permits.map(entry),
    about: [],
    ...rest,
  });
  const deny = (reason: ReasonCode, about: readonly Spoken[] = []): PartDecision => ({
    outcome: 'deny',
    reason,
    said: denies.map(entry),
    about: about.map(entry),
  });

  if (!isActive(context.members, facts.member)) return deny('member-not-active');
  if (!isActive(context.subjects, subject)) return deny('not-known');
  if (!isActive(context.records, facts.record.reference)) return deny('not-known');

  if (legalBasisPermits(asked, subject, facts, context)) return permit('legal-basis');

  if (asked.breakGlass) {
    if (denies.some(({ saying }) => saying?.forbidsBreakGlass)) return deny('break-glass-forbidden');
    if (!facts.emergency || !hasEmergencyRole(facts, context)) return deny('break-glass-incomplete');
    const reviewHours = context.reviewHours ?? DEFAULT_REVIEW_HOURS;
    return permit('break-glass', { reviewBy: facts.at + hours(reviewHours) });
  }

  if (agreementIsMissing(asked, facts, context)) return deny('agreement-missing');

  if (denies.length > 0) return deny('denied-by-consent');

  if (permits.length > 0) {
    const signedOnly = purposesCover(context.signedOnlyPurposes ?? [], asked.purpose);
    const good = permits.filter(({ standing }) => !signedOnly || standing.held.evidence === 'signed');
    if (good.length === 0) return deny('evidence-insufficient', permits);
    const expiresAt = good.reduce<number | undefined>(
      (first, { saying }) => earlier(first, saying?.until),
      undefined,
    );
    return permit('permitted-by-consent', expiresAt === undefined ? {} : { expiresAt });
  }

  const granted = inForce.filter(({ standing }) => grants(standing.held.policy, asked, facts));
  if (granted.length > 0) return deny('not-covered-by-consent', granted);

  if (impliedPolicyPermits(context.impliedPolicy ?? 'deny', asked, facts.record.labels)) {
    return permit('permitted-by-implied-policy');
  }
  const over = standings
    .filter(({ ended, superseded }) => ended !== undefined && !superseded)
    .map((standing) => ({ standing, saying: say(standing.held.policy, asked, facts) }))
    .filter(({ saying }) => saying?.outcome === 'permit');
  const withdrawn = over.filter(({ standing }) => standing.ended === 'withdrawn');
  if (withdrawn.length > 0) return deny('consent-withdrawn', withdrawn);
  return over.length > 0 ? deny('consent-expired', over) : deny('no-consent');
}

/**
 * Granting replaces the implied policy for the purposes granted: a permit of the question's scope whose
 * coverage names no purpose, or includes the asked one, or that has a permit exception that names it.
 */
function grants(policy: CompiledPolicy, asked: Asked, facts: Facts): boolean {
  if (policy.base !== 'permit' || policy.scope !== asked.scope) return false;
  const { purposes } = policy.coverage;
  return (
    purposes === undefined ||
    matchPurpose(purposes, 'permit', asked) ||
    policy.exceptions.some(
      ({ kind, period, criteria }) =>
        kind === 'permit' &&
        criteria.purposes !== undefined &&
        (period === undefined || contains(period, facts.at)) &&
        matchPurpose(criteria.purposes, 'permit', asked),
    )
  );
}

/** Where no list is given, everything is active; what is not named cannot be looked up. */
function isActive(
  list: readonly { readonly reference: string; readonly status: string }[] | undefined,
  reference: string | undefined,
): boolean {
  if (list === undefined || reference === undefined) return true;
  const entries = list.filter((one) => withoutVersion(one.reference) === reference);
  return entries.length > 0 && entries.every(({ status }) => status === 'active');
}

function hasEmergencyRole(facts: Facts, { emergencyRoles = [] }: DecisionContext): boolean {
  return facts.roles.some((role) => emergencyRoles.includes(role));
}

function entry({ standing, saying }: Spoken): BasisEntry {
  const { policy, version, evidence } = standing.held;
  return {
    consent: policy.id,
    version,
    outcome: saying?.outcome ?? 'nothing',
    ...(saying === undefined ? {} : { path: saying.path }),
    evidence,
  };
}
