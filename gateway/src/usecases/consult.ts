import { reasons, type Answer, type ReasonCode } from '@consent-ledger/chaincode/domain';
import type { CheckQuestion, ConsentDecision } from '@consent-ledger/chaincode/wire/http';
import { labelLimits, type LabelLimits } from './label-limits.js';

/** What the rules say to somebody who asks before a record is chosen, so that its labels are not known. */
export interface Consulted {
  /** The answer that is told: one that permits within the limits, or one that denies. */
  readonly answer: Answer;
  /** Absent: whatever the labels. */
  readonly limits: LabelLimits | undefined;
}

/** Decides all the questions together; labels that are not stated are explored. */
export function consult(
  questions: readonly CheckQuestion[],
  decide: (asked: CheckQuestion) => Answer,
): Consulted {
  const answersWith = (labels: readonly string[]): readonly Answer[] =>
    questions.map((asked) => decide({ ...asked, facts: { ...asked.facts, labels: [...labels] } }));
  const unlabelled = questions.map(decide);
  if (unlabelled.every(({ outcome }) => outcome === 'permit'))
    return { answer: told(unlabelled), limits: undefined };
  const limits = labelLimits((labels) => answersWith(labels).every(({ outcome }) => outcome === 'permit'));
  if (limits === undefined) return { answer: toldDenial([...answersWith(['N']), ...unlabelled]), limits };
  const level = limits.only.slice(0, 1);
  return { answer: told(answersWith(level)), limits };
}

/**
 * Of several denials one by a consent: whoever hears that no consent speaks may go by a policy of their own. Otherwise the
 * first, which is about an ordinary record.
 */
function toldDenial(answers: readonly Answer[]): Answer {
  const denials = answers.filter(({ outcome }) => outcome === 'deny');
  const denial = denials.find(({ reason }) => decisionOf(reason) === 'CONSENT_DENY') ?? denials[0];
  if (denial === undefined) throw new RangeError('nothing was denied');
  return denial;
}

/** Of several permits the one that rests on least: an implied policy is no consent. */
function told(answers: readonly Answer[]): Answer {
  const [first] = answers;
  const implied = answers.find(({ reason }) => decisionOf(reason) !== 'CONSENT_PERMIT');
  const answer = implied ?? first;
  if (answer === undefined) throw new RangeError('nothing was asked');
  return answer;
}

/** Reasons that no consent stands behind: then the custodian's own policy decides, which the outcome tells beside it. */
const WITHOUT_CONSENT: ReadonlySet<ReasonCode> = new Set([
  'no-consent',
  'consent-withdrawn',
  'consent-expired',
  'not-covered-by-consent',
  'evidence-insufficient',
  'not-known',
  'permitted-by-implied-policy',
]);

/** The hook's decision: whether a consent speaks, and what. */
export function decisionOf(reason: ReasonCode): ConsentDecision {
  if (WITHOUT_CONSENT.has(reason)) return 'NO_CONSENT';
  return reasons[reason].outcome === 'permit' ? 'CONSENT_PERMIT' : 'CONSENT_DENY';
}
