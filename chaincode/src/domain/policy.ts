import type { Evidence } from './answer.js';
import type { Coding } from './question.js';
import type { StudyConsent } from './study-types.js';

/** Half-open interval of epoch milliseconds; an absent end is open. */
export interface Interval {
  /** First instant inside. */
  readonly from?: number;
  /** First instant after. */
  readonly until?: number;
}

export type ProvisionKind = 'permit' | 'deny';
export type Dialect = 'r4-core' | 'r4-pcf' | 'r5';

/** Recipients: an organisation is compared with the requester's member alone, anything else also with its references. */
export interface Recipients {
  readonly organizations: readonly string[];
  readonly others: readonly string[];
}

/** Whom a provision names, by role. ORed within each, the three ANDed. */
export interface ActorCriteria {
  readonly recipients?: Recipients;
  readonly custodians?: readonly string[];
  readonly authors?: readonly string[];
}

/** One of R4 `class`, R5 `documentType`, R5 `resourceType`. */
export interface ContentCriteria {
  readonly resourceTypes: readonly string[];
  readonly classes: readonly Coding[];
}

export interface LabelCriteria {
  /** Ranks 0 (U) to 5 (V) of the confidentiality codes. */
  readonly confidentiality: readonly number[];
  readonly sensitivity: readonly string[];
  /** How the label reads: as the kind of the provision that states it. */
  readonly reading: ProvisionKind;
}

export interface DataCriteria {
  readonly meaning: 'instance' | 'related' | 'dependents' | 'authoredby';
  readonly reference: string;
}

/** What a provision, or the coverage of a consent, constrains. An absent element constrains nothing. */
export interface Criteria {
  readonly actor?: ActorCriteria;
  readonly actions?: readonly string[];
  readonly purposes?: readonly string[];
  readonly labels?: LabelCriteria;
  /** Each of them must match. */
  readonly contents?: readonly ContentCriteria[];
  readonly codes?: readonly Coding[];
  readonly dataPeriod?: { readonly interval: Interval; readonly reading: ProvisionKind };
  readonly data?: readonly DataCriteria[];
}

export interface CompiledProvision {
  readonly kind: ProvisionKind;
  /** FHIRPath of the provision in the consent's text. */
  readonly path: string;
  readonly period?: Interval;
  readonly criteria: Criteria;
  readonly exceptions: readonly CompiledProvision[];
}

/** A consent, ready to be asked. Plain JSON: what the ledger stores is what the evaluator reads. */
export interface CompiledPolicy {
  readonly policyVersion: 1;
  readonly id: string;
  readonly status: string;
  /** The patient's reference, less a version. */
  readonly subject: string;
  readonly dialect: Dialect;
  readonly scope: 'privacy' | 'research';
  readonly base: ProvisionKind;
  /** FHIRPath of the element that states the base. */
  readonly basePath: string;
  readonly period?: Interval;
  readonly coverage: Criteria;
  readonly exceptions: readonly CompiledProvision[];
  /** Ids of the consents that this one supersedes. */
  readonly supersedes: readonly string[];
  /** What study it is for; absent: for none. */
  readonly study?: StudyConsent;
  /** Ids of the consents whose denies the filer knows to stand; absent: none. For filing, never for deciding. */
  readonly acknowledges?: readonly string[];
}

/** A filed consent with what the ledger knows of it. */
export interface PolicyInForce {
  readonly policy: CompiledPolicy;
  readonly evidence: Evidence;
  readonly version: number;
  /** Epoch milliseconds of the withdrawal; from then on it is as if the period had ended. */
  readonly withdrawnAt?: number;
}
