export type { Action, Authored, Coding, Question, RecordFacts, Requester } from './question.js';
export type {
  Answer,
  BasisEntry,
  DenyReason,
  Evidence,
  Obligation,
  Outcome,
  PermitReason,
  ReasonCode,
} from './answer.js';
export type { Problem } from './problem.js';
export type {
  ActorCriteria,
  CompiledPolicy,
  CompiledProvision,
  Criteria,
  DataCriteria,
  Dialect,
  Interval,
  LabelCriteria,
  PolicyInForce,
  ProvisionKind,
} from './policy.js';
export type { Agreement, ContextPeriod, DecisionContext, ImpliedPolicy, LegalBasis } from './context.js';

/** The version of the rules that `decide` follows; every decision names it. */
export const RULES_VERSION = '1';
