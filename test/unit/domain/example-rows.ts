import type { DecisionContext, PolicyInForce, Question, ReasonCode } from '@consent-ledger/chaincode/domain';
import { ask } from './build.js';

/** One row of the worked examples in docs/consent.md. */
export interface Example {
  readonly consents: string;
  readonly asked: string;
  readonly reason: ReasonCode;
  readonly given: readonly (PolicyInForce | Record<string, unknown>)[];
  readonly question: Question;
  readonly context?: DecisionContext;
}

/** Rows of the same consents. */
export function rows(
  consents: string,
  given: Example['given'],
  ...asked: readonly (readonly [string, Partial<Question>, ReasonCode, DecisionContext?])[]
): readonly Example[] {
  return asked.map(([text, question, reason, context]) => ({
    consents,
    asked: text,
    reason,
    given,
    question: ask(question),
    ...(context === undefined ? {} : { context }),
  }));
}
