export type { Action, Authored, Coding, Question, RecordFacts, Requester } from './question.js';
export type {
  Answer,
  BasisEntry,
  DenyReason,
  Evidence,
  Obligation,
  Outcome,
  PermitReason,
  PseudonymiseObligation,
  ReasonCode,
} from './answer.js';
export type { Problem } from './problem.js';
export type {
  ActorCriteria,
  ContentCriteria,
  CompiledPolicy,
  CompiledProvision,
  Criteria,
  DataCriteria,
  Dialect,
  Interval,
  LabelCriteria,
  PolicyInForce,
  ProvisionKind,
  Recipients,
} from './policy.js';
export type { Agreement, ContextPeriod, DecisionContext, ImpliedPolicy, LegalBasis } from './context.js';

export { RULES_VERSION } from './rules-version.js';
export { decide } from './decide.js';
export { standings, type Standing } from './standing.js';
export { validateQuestion } from './validate-question.js';
export { validateContext } from './validate-context.js';
export { compileConsent, type CompileOptions } from './compile/compile-consent.js';
export { purposes, isKnownPurpose, purposesCover } from './purposes.js';
export {
  confidentialityCodes,
  confidentialityRank,
  sensitivityCodes,
  isKnownLabel,
  isSensitivity,
  isSubstanceUse,
} from './labels.js';
export { formatInstant, parseDateTime, parseInstant } from './time.js';
export { checkConsentSet } from './check-consent-set.js';
export {
  outwardTexts,
  reasons,
  type InformationBlockingException,
  type OutwardCode,
  type Reason,
} from './reasons.js';
export { CONSENT_ELEMENTS, type ElementRule, type FhirVersion, type Treatment } from './compile/elements.js';
export { liesWithin, type Limits } from './lies-within.js';
export { conflicts, type Conflict } from './conflicts.js';
export {
  trace,
  type TracedConsent,
  type TracedElement,
  type TracedPart,
  type TracedProvision,
} from './trace.js';
export { criteriaOf } from './ways.js';
export { policyFor, type PolicyReader } from './policy-for.js';
export {
  DISPOSITIONS,
  STUDY_CHOICES,
  orderedChoices,
  type Collected,
  type Disposition,
  type StudyChoice,
} from './study-choices.js';
export { studyResource, type StudyResourceTerms } from './study-resource.js';
export { protocolStanding } from './study.js';
export type {
  ProtocolStanding,
  StudyConsent,
  StudyContext,
  StudyData,
  StudyProtocol,
} from './study-types.js';
