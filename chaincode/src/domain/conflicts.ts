import { readAsked, readFacts } from './facts.js';
import type { CompiledPolicy, PolicyInForce } from './policy.js';
import type { Question } from './question.js';
import { say } from './say.js';
import { standings } from './standing.js';
import { waysTo, type Way } from './ways.js';
import { Budget, Search } from './witness.js';

/**
 * Work that the search of one filing may do, in parts of questions tried (a few microseconds each): endorsers do it,
 * one after the other, and whoever files chooses what is searched. The consents on file share it.
 */
const WORK = 200_000;

/** What a question costs: both consents are asked, and this many provisions cost as much as a part. */
const PROVISIONS_PER_PART = 4;

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
  let left = WORK;
  return unacknowledged.flatMap((other, index) => {
    const budget = new Budget(Math.floor(left / (unacknowledged.length - index)));
    const before = budget.left;
    const found = conflictsWith(filed, other, others, at, budget);
    left -= before - budget.left;
    return found;
  });
}

function conflictsWith(
  filed: CompiledPolicy,
  other: PolicyInForce,
  others: readonly PolicyInForce[],
  at: number,
  budget: Budget,
): readonly Conflict[] {
  const found = new Map<string, Conflict>();
  const search = new Search([filed, other.policy], budget);
  const questionCost = 1 + Math.ceil(search.named.length / PROVISIONS_PER_PART);
  const inForce = new Map<number, boolean>();
  const permits = waysTo('permit', filed);
  for (const deny of waysTo('deny', other.policy)) {
    for (const permit of permits) {
      if (!budget.spend(1)) return [...found.values()];
      if (found.has(`${permit.path} ${deny.path}`)) continue;
      const instant = meeting([permit, deny], at);
      if (instant === undefined) continue;
      if (!inForce.has(instant)) {
        budget.spend(others.length);
        inForce.set(instant, bothInForce(filed, other, others, instant));
      }
      if (inForce.get(instant) !== true) continue;
      for (const question of search.witnesses([permit, deny], instant)) {
        if (!budget.spend(questionCost)) return [...found.values()];
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
