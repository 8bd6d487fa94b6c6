import type { DecisionContext, PolicyInForce, Question } from '@consent-ledger/chaincode/domain';

/** Everything that one decision rests on. */
export interface Case {
  readonly question: Question;
  readonly consents: readonly PolicyInForce[];
  readonly context: DecisionContext;
}

/** One thing that could be otherwise. */
export interface Change {
  readonly about: 'question' | 'consents' | 'context';
  /** Two changes of one place exclude each other. */
  readonly place: string;
  /** What would be otherwise, as the end of "it would be permitted if …". */
  readonly says: string;
  readonly apply: (given: Case) => Case;
}

/** A change of the question alone. */
export function ofQuestion(place: string, says: string, change: (question: Question) => Question): Change {
  return {
    about: 'question',
    place,
    says,
    apply: (given) => ({ ...given, question: change(given.question) }),
  };
}

/** A change of what else is known. */
export function ofContext(
  place: string,
  says: string,
  change: (context: DecisionContext) => DecisionContext,
): Change {
  return { about: 'context', place, says, apply: (given) => ({ ...given, context: change(given.context) }) };
}

/** A copy that leaves one property out. */
export function without<Whole extends object>(whole: Whole, key: keyof Whole): Whole {
  const rest = { ...whole };
  Reflect.deleteProperty(rest, key);
  return rest;
}
