import type { Answer, BasisEntry, Obligation, ReasonCode } from './answer.js';
import type { DecisionContext } from './context.js';
import { decidePart, type PartDecision, type SubjectStanding } from './decide-part.js';
import { DEFAULT_ACTIONS, readAsked, readFacts, type Facts } from './facts.js';
import { owesRedisclosure, REDISCLOSURE } from './obligations.js';
import type { CompiledPolicy, CompiledProvision, PolicyInForce } from './policy.js';
import type { Action, Question } from './question.js';
import { withoutVersions } from './references.js';
import { RULES_VERSION } from './rules-version.js';
import { earlier } from './say.js';
import { standings } from './standing.js';
import { pseudonymisationOf } from './study.js';
import { formatInstant } from './time.js';

/** Reasons to deny in the order of the rules that give them: of several parts that deny, the first is told. */
const DENY_ORDER: readonly ReasonCode[] = [
  'member-not-active',
  'not-known',
  'break-glass-forbidden',
  'break-glass-incomplete',
  'agreement-missing',
  'study-not-known',
  'study-not-in-force',
  'beyond-study',
  'participation-not-active',
  'denied-by-consent',
  'reconsent-overdue',
  'evidence-insufficient',
  'not-covered-by-consent',
  'consent-withdrawn',
  'consent-expired',
  'no-consent',
];

const PERMIT_ORDER: readonly ReasonCode[] = [
  'break-glass',
  'legal-basis',
  'permitted-by-consent',
  'permitted-by-implied-policy',
];

/**
 * Decides a valid question (see `validateQuestion`) from the subject's consents and what else is known.
 * Each purpose, each action and each subject is decided on its own, and all must permit. Never throws for a
 * valid question; the order of the consents makes no difference.
 */
export function decide(
  question: Question,
  consents: readonly PolicyInForce[],
  context: DecisionContext,
): Answer {
  const facts = readFacts(question);
  const subjects = subjectsOf(question, consents, facts.at);
  const parts: PartDecision[] = [];
  for (const asked of readAsked(question, actionsToDecide(question, consents))) {
    for (const subject of subjects) parts.push(decidePart(asked, subject, facts, context));
  }
  const outcome = parts.some(denies) ? 'deny' : 'permit';
  const deciding = outcome === 'deny' ? parts.filter(denies) : parts;
  const reason = firstReason(deciding, outcome === 'deny' ? DENY_ORDER : PERMIT_ORDER);
  return {
    outcome,
    reason,
    basis: basisOf(deciding, reason),
    obligations: outcome === 'deny' ? [] : obligationsOf(parts, facts, context),
    rules: RULES_VERSION,
  };
}

function denies({ outcome }: PartDecision): boolean {
  return outcome === 'deny';
}

function obligationsOf(
  parts: readonly PartDecision[],
  facts: Facts,
  context: DecisionContext,
): readonly Obligation[] {
  let expiresAt: number | undefined;
  let reviewBy: number | undefined;
  for (const part of parts) {
    expiresAt = earlier(expiresAt, part.expiresAt);
    reviewBy = earlier(reviewBy, part.reviewBy);
  }
  const owed: Obligation[] = [];
  if (owesRedisclosure(facts.record.labels)) owed.push(REDISCLOSURE);
  if (expiresAt !== undefined) owed.push({ code: 'expires-at', at: formatInstant(expiresAt) });
  if (reviewBy !== undefined) owed.push({ code: 'review-by', at: formatInstant(reviewBy) });
  const pseudonymise = pseudonymisationOf(facts, context);
  if (pseudonymise !== undefined) owed.push(pseudonymise);
  return owed;
}

/** Where no consent speaks of actions, one decision is that on each of them: the first stands for all. */
function actionsToDecide(question: Question, consents: readonly PolicyInForce[]): readonly Action[] {
  const actions = question.actions ?? DEFAULT_ACTIONS;
  return actions.length > 1 && !consents.some(({ policy }) => speaksOfActions(policy))
    ? actions.slice(0, 1)
    : actions;
}

function speaksOfActions({ coverage, exceptions }: CompiledPolicy): boolean {
  return coverage.actions !== undefined || exceptions.some(namesActions);
}

function namesActions({ criteria, exceptions }: CompiledProvision): boolean {
  return criteria.actions !== undefined || exceptions.some(namesActions);
}

/**
 * The subjects that the question names, else those of the consents (one, if the input is as it should be; all
 * must permit if it is not), each with how its consents stand. Without either, the subject is not known.
 */
function subjectsOf(
  question: Question,
  consents: readonly PolicyInForce[],
  at: number,
): readonly SubjectStanding[] {
  const named =
    question.subjects === undefined
      ? consents.map(({ policy }) => policy.subject)
      : withoutVersions(question.subjects);
  const [first] = named;
  if (first === undefined) return [{ subject: undefined, standings: [] }];
  if (named.every((one) => one === first)) return [subjectStanding(first, consents, at)];
  return [...new Set(named)].sort().map((subject) => subjectStanding(subject, consents, at));
}

function subjectStanding(subject: string, consents: readonly PolicyInForce[], at: number): SubjectStanding {
  const isOwn = ({ policy }: PolicyInForce): boolean => policy.subject === subject;
  return { subject, standings: standings(consents.every(isOwn) ? consents : consents.filter(isOwn), at) };
}

function firstReason(parts: readonly PartDecision[], order: readonly ReasonCode[]): ReasonCode {
  const [only] = parts;
  if (only !== undefined && parts.length === 1) return only.reason;
  const found = order.find((reason) => parts.some((part) => part.reason === reason));
  if (found === undefined) throw new RangeError('a question has one purpose or more');
  return found;
}

/** Every consent that said what was decided; where none said it, those that the reason is about. Once each. */
function basisOf(parts: readonly PartDecision[], reason: ReasonCode): readonly BasisEntry[] {
  const [only] = parts;
  if (only !== undefined && parts.length === 1) return once(only.said.length > 0 ? only.said : only.about);
  // What the reason's own parts heard comes first, so that its path is the one that is told.
  const telling = [
    ...parts.filter((part) => part.reason === reason),
    ...parts.filter((part) => part.reason !== reason),
  ];
  const said = once(telling.flatMap((part) => part.said));
  if (said.length > 0) return said;
  return once(parts.filter((part) => part.reason === reason).flatMap((part) => part.about));
}

function once(entries: readonly BasisEntry[]): readonly BasisEntry[] {
  // As one part has heard them they are in order, each once.
  if (entries.every(({ consent }, index) => index === 0 || (entries[index - 1]?.consent ?? '') < consent)) {
    return entries;
  }
  const byConsent = new Map<string, BasisEntry>();
  for (const entry of entries) if (!byConsent.has(entry.consent)) byConsent.set(entry.consent, entry);
  return [...byConsent.values()].sort((a, b) => (a.consent < b.consent ? -1 : 1));
}
