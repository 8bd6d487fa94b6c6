import type { DecisionContext, LegalBasis } from './context.js';
import type { Asked, Facts } from './facts.js';
import { isSubstanceUse, sensitivityTolerated, type Labelling } from './labels.js';
import { BREAK_GLASS, purposesCover } from './purposes.js';
import { withoutVersion } from './references.js';
import { contains, parsePeriod } from './time.js';

/** 42 CFR 2.51 (medical emergencies) and 2.61 to 2.67 (court orders), with or without a paragraph. */
const PART_2_CITATION = /^\s*42\s*C\.?F\.?R\.?\s*(?:Part\s*2\s*,?\s*)?(?:§+\s*)?2\.(?:51|6[1-7])(?![0-9])/i;

/** Does it cite what 42 CFR Part 2 asks of whoever opens substance use records without consent? */
export function citesPart2(cites: readonly string[]): boolean {
  return cites.some((cite) => PART_2_CITATION.test(cite));
}

/** Is the legal basis that the question names registered, in force, and about this? */
export function legalBasisPermits(
  asked: Asked,
  subject: string | undefined,
  facts: Facts,
  context: DecisionContext,
): boolean {
  if (facts.legalBasis === undefined) return false;
  return (context.legalBases ?? []).some(
    (basis) =>
      basis.id === facts.legalBasis &&
      isInForce(basis, facts.at) &&
      withoutVersion(basis.requester) === facts.member &&
      coversPurpose(basis, asked) &&
      (basis.subject === undefined || withoutVersion(basis.subject) === subject) &&
      opens(basis, facts.record.labels),
  );
}

/** Is the period of an agreement or a legal basis running, and has nobody ended it? */
export function isInForce({ status, period }: Pick<LegalBasis, 'status' | 'period'>, at: number): boolean {
  if (status !== 'active') return false;
  if (period === undefined) return true;
  const parsed = parsePeriod(period.start, period.end);
  return 'interval' in parsed && contains(parsed.interval, at);
}

function coversPurpose({ purposes }: LegalBasis, asked: Asked): boolean {
  return asked.breakGlass ? purposes.includes(BREAK_GLASS) : purposesCover(purposes, asked.purpose);
}

/**
 * One that names no labels never opens a record with a sensitivity; one that names labels opens only records
 * that carry sensitivity, all of it named. What is unknown is not opened.
 */
function opens({ labels = [], cites = [] }: LegalBasis, labelling: Labelling | undefined): boolean {
  if (labelling === undefined) return false;
  const { sensitivities } = labelling;
  if (labels.length === 0) return sensitivities.length === 0;
  return (
    sensitivities.length > 0 &&
    sensitivities.every((label) => sensitivityTolerated(labels, label)) &&
    (!sensitivities.some(isSubstanceUse) || citesPart2(cites))
  );
}
