import {
  answerRequest,
  consentsReader,
  type DecisionState,
  type EventRecord,
} from '@consent-ledger/chaincode/wire';
import type { CustodyView } from './custody-view.js';
import type { AcceptedRequest } from './decisions.js';
import type { RegisteredView } from './registered-view.js';
import type { StudyView } from './study-view.js';

/**
 * What a decision of a request would be at this moment, one entry for each record, in the request's order; logs nothing. Throws a
 * Refusal `event-pending` where the own peer lacks a value.
 */
export type Look = (request: AcceptedRequest) => Promise<readonly EventRecord[]>;

/** Looks by the rules and functions that endorsers decide with, over the projection. */
export function createLook(
  custody: CustodyView,
  studies: StudyView,
  registered: RegisteredView,
  now: () => number,
): Look {
  const state: DecisionState = {
    get custody() {
      return custody.custody;
    },
    values: { get: (kind, ...id) => Promise.resolve(custody.get(kind, ...id)?.value) },
    withdrawals: { get: (kind, subject) => Promise.resolve(custody.get(kind, subject)?.value) },
    agreements: { get: (one, other) => Promise.resolve(registered.agreement(one, other)) },
    legalBases: { get: (basis) => Promise.resolve(registered.legalBasis(basis)) },
    studies: { get: (study) => Promise.resolve(studies.registered(study, custody.custodian)) },
  };
  return async (request) => {
    const answers = await answerRequest(state, request, now(), consentsReader(state));
    return answers.map(({ outward }) => outward);
  };
}
