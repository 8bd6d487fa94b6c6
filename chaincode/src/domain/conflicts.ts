import { readAsked, readFacts } from './facts.js';
import type { CompiledPolicy, PolicyInForce } from './policy.js';
import type { Question } from './question.js';
import { say } from './say.js';
import { standings } from './standing.js';
import { waysTo, type Way } from './ways.js';
import { witnesses } from './witness.js';

/** Questions tried between two consents; where they differ at all, one of the first few shows it. */
const QUESTIONS_PER_CONSENT = 5000;

/** A permit of a consent that is being filed, and a deny in force that would silently defeat it. */
export interface Conflict {
  /** FHIRPath of the permit in the consent that is being filed. */
  readonly permit: string;
  readonly deny: {
    readonly consent: string;
    readonly version: number;
    /** FHIRPath of the deny in that consent. */
    readonly path: string;
  };
  /** One question to which the first says permit and the second deny. */
  readonly question: Question;
}

/**
 * Every pair of a permit (base or exception) of the consent and a deny in force of another consent of the
 * same subject that would defeat it, each with a question on which they differ. What the consent denies never
 * conflicts with anything; nor does a deny that it supersedes, or that it acknowledges to stand. The search is
 * bounded: it may miss a pair that other provisions of the same two consents all but hide. Such a deny still
 * denies.
 *
 * @param at epoch milliseconds of the filing
 */
export function conflicts(
  filed: CompiledPolicy,
  existing: readonly PolicyInForce[],
  at: number,
): readonly Conflict[] {
  const others = existing.filter(({ policy }) => policy.subject === filed.subject && policy.id !== filed.id);
  const unacknowledged = others.filter(({ policy }) => filed.acknowledges?.includes(policy.id) !== true);
  return unacknowledged.flatMap((other) => conflictsWith(filed, other, others, at));
}

function conflictsWith(
  filed: CompiledPolicy,
  other: PolicyInForce,
  others: readonly PolicyInForce[],
  at: number,
): readonly Conflict[] {
  const found = new Map<string, Conflict>();
  let budget = QUESTIONS_PER_CONSENT;
  for (const deny of waysTo('deny', other.policy)) {
    for (const permit of waysTo('permit', filed)) {
      const instant = meeting([permit, deny], at);
      if (instant === undefined || !bothInForce(filed, other, others, instant)) continue;
      for (const question of witnesses([filed, other.policy], [permit, deny], instant)) {
        budget -= 1;
        if (budget < 0) return [...found.values()];
        const conflict = difference(filed, other, question);
        const key = conflict === undefined ? '' : `${conflict.permit} ${conflict.deny.path}`;
        if (conflict === undefined || found.has(key)) continue;
        found.set(key, conflict);
        break;
      }
    }
  }
  return [...found.values()];
}

/** The first instant from `at` on at which all periods on the ways run. */
function meeting(ways: readonly Way[], at: number): number | undefined {
  const periods = ways.flatMap((way) => way.periods);
  const instant = Math.max(at, ...periods.flatMap(({ from }) => (from === undefined ? [] : [from])));
  return periods.every(({ until }) => until === undefined || instant < until)
    ? Math.ceil(instant)
    : undefined;
}

function bothInForce(
  filed: CompiledPolicy,
  other: PolicyInForce,
  others: readonly PolicyInForce[],
  at: number,
): boolean {
  const mine: PolicyInForce = { policy: filed, evidence: 'witnessed', version: 1 };
  return standings([...others, mine], at)
    .filter(({ held }) => held === mine || held === other)
    .every(({ inForce }) => inForce);
}

/** The conflict that the question shows, if it shows one. */
function difference(filed: CompiledPolicy, other: PolicyInForce, question: Question): Conflict | undefined {
  const facts = readFacts(question);
  for (const asked of readAsked(question)) {
    const mine = say(filed, asked, facts);
    if (mine?.outcome !== 'permit') continue;
    const theirs = say(other.policy, asked, facts);
    if (theirs?.outcome !== 'deny') continue;
    const deny = { consent: other.policy.id, version: other.version, path: theirs.path };
    return { permit: mine.path, deny, question };
  }
  return undefined;
}
