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
import { isOfStudy, isUpToDate, studyForbids, studyUntil } from './study.js';
import { contains, hours } from './time.js';

const DEFAULT_REVIEW_HOURS = 72;
const NONE: readonly never[] = [];

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
  const permits: Spoken[] = [];
  const denies: Spoken[] = [];
  for (const standing of standings) {
    const saying = standing.inForce ? say(standing.held.policy, asked, facts) : undefined;
    if (saying === undefined) continue;
    if (saying.outcome === 'deny') denies.push({ standing, saying });
    // What is asked for a study, only a consent to that study permits.
    else if (isOfStudy(standing.held.policy, facts)) permits.push({ standing, saying });
  }
  const deny = (reason: ReasonCode, about: readonly Spoken[] = NONE): PartDecision => ({
    outcome: 'deny',
    reason,
    said: entries(denies),
    about: entries(about),
  });

  if (!isActive(context.members, facts.member)) return deny('member-not-active');
  if (!isActive(context.subjects, subject)) return deny('not-known');
  if (!isActive(context.records, facts.record.reference)) return deny('not-known');

  if (legalBasisPermits(asked, subject, facts, context)) return permit('legal-basis', permits);

  if (asked.breakGlass) {
    if (denies.some(({ saying }) => saying?.forbidsBreakGlass)) return deny('break-glass-forbidden');
    if (!facts.emergency || !hasEmergencyRole(facts, context)) return deny('break-glass-incomplete');
    const reviewHours = context.reviewHours ?? DEFAULT_REVIEW_HOURS;
    return { ...permit('break-glass', permits), reviewBy: facts.at + hours(reviewHours) };
  }

  if (agreementIsMissing(asked, facts, context)) return deny('agreement-missing');

  const study = facts.study === undefined ? undefined : context.studies?.find(({ id }) => id === facts.study);
  const forbidden = facts.study === undefined ? undefined : studyForbids(asked, subject, facts, study);
  if (forbidden !== undefined) return deny(forbidden);

  if (denies.length > 0) return deny('denied-by-consent');

  if (permits.length > 0) {
    const upToDate =
      facts.study === undefined
        ? permits
        : permits.filter(({ standing }) => isUpToDate(standing.held.policy, facts, study));
    if (upToDate.length === 0) return deny('reconsent-overdue', permits);
    const good = purposesCover(context.signedOnlyPurposes ?? NONE, asked.purpose)
      ? upToDate.filter(({ standing }) => standing.held.evidence === 'signed')
      : upToDate;
    if (good.length === 0) return deny('evidence-insufficient', permits);
    let expiresAt = facts.study === undefined ? undefined : studyUntil(good.map(policyOf), facts, study);
    for (const { saying } of good) expiresAt = earlier(expiresAt, saying?.until);
    return permit('permitted-by-consent', permits, expiresAt);
  }

  // Here no consent in force has said anything.
  const granted = standings.filter(({ inForce, held }) => inForce && grants(held.policy, asked, facts));
  if (granted.length > 0) return deny('not-covered-by-consent', granted.map(silent));

  const implied = facts.study === undefined ? (context.impliedPolicy ?? 'deny') : 'deny';
  if (impliedPolicyPermits(implied, asked, facts.record.labels)) {
    return permit('permitted-by-implied-policy', permits);
  }
  const over = standings
    .filter(
      ({ ended, superseded, held }) => ended !== undefined && !superseded && isOfStudy(held.policy, facts),
    )
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
  if (policy.base !== 'permit' || policy.scope !== asked.scope || !isOfStudy(policy, facts)) return false;
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
  let found = false;
  for (const one of list) {
    if (withoutVersion(one.reference) !== reference) continue;
    if (one.status !== 'active') return false;
    found = true;
  }
  return found;
}

function hasEmergencyRole(facts: Facts, { emergencyRoles = [] }: DecisionContext): boolean {
  return facts.roles.some((role) => emergencyRoles.includes(role));
}

function permit(reason: ReasonCode, permits: readonly Spoken[], expiresAt?: number): PartDecision {
  const said = entries(permits);
  return expiresAt === undefined
    ? { outcome: 'permit', reason, said, about: NONE }
    : { outcome: 'permit', reason, said, about: NONE, expiresAt };
}

function silent(standing: Standing): Spoken {
  return { standing, saying: undefined };
}

function entries(spoken: readonly Spoken[]): readonly BasisEntry[] {
  return spoken.length === 0 ? NONE : spoken.map(entry);
}

function entry({ standing, saying }: Spoken): BasisEntry {
  const { policy, version, evidence } = standing.held;
  return saying === undefined
    ? { consent: policy.id, version, outcome: 'nothing', evidence }
    : { consent: policy.id, version, outcome: saying.outcome, path: saying.path, evidence };
}

function policyOf({ standing }: Spoken): CompiledPolicy {
  return standing.held.policy;
}
