import { checkConsentSet, decide, validateQuestion } from '@consent-ledger/chaincode/domain';
import type { Case, Change } from './case.js';

export interface Found {
  /** Sets of changes that each give the other outcome, all of the same smallest size; none where there is none. */
  readonly sets: readonly (readonly Change[])[];
  /** Decisions that the evaluator made. */
  readonly tried: number;
  /** Up to how many changes at one time everything was tried. */
  readonly upTo: number;
}

const MOST_AT_ONCE = 3;
/** Enough for three changes at one time of about a hundred, in a second or two. */
const BUDGET = 200_000;

/**
 * The smallest sets of changes with which the evaluator gives the other outcome: first every change by itself, then two at a
 * time, then three. So none of them could be left out. Each is found by deciding, not by reasoning about the rules.
 */
export function findChanges(given: Case, changes: readonly Change[], budget = BUDGET): Found {
  const { outcome } = decide(given.question, given.consents, given.context);
  let tried = 0;
  for (let size = 1; size <= MOST_AT_ONCE; size += 1) {
    const sets: (readonly Change[])[] = [];
    for (const set of combinations(changes, size)) {
      if (tried >= budget) return { sets, tried, upTo: size - 1 };
      tried += 1;
      if (gives(outcome === 'permit' ? 'deny' : 'permit', set, given)) sets.push(set);
    }
    if (sets.length > 0) return { sets, tried, upTo: size };
  }
  return { sets: [], tried, upTo: MOST_AT_ONCE };
}

function gives(outcome: 'permit' | 'deny', set: readonly Change[], given: Case): boolean {
  const changed = set.reduce((before, change) => change.apply(before), given);
  const { question, consents, context } = changed;
  if (decide(question, consents, context).outcome !== outcome) return false;
  // Only what could be asked and be on file.
  const policies = consents.map(({ policy }) => policy);
  return (
    validateQuestion(question, context.purposeSystems).ok && checkConsentSet(policies, question).length === 0
  );
}

/** All ways to choose so many changes of different places, in their order. */
function* combinations(changes: readonly Change[], size: number, from = 0): Generator<readonly Change[]> {
  if (size === 0) {
    yield [];
    return;
  }
  for (let index = from; index <= changes.length - size; index += 1) {
    const change = changes[index];
    if (change === undefined) return;
    for (const rest of combinations(changes, size - 1, index + 1)) {
      if (rest.every(({ place }) => place !== change.place)) yield [change, ...rest];
    }
  }
}
