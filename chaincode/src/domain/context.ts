import type { Evidence } from './answer.js';
import type { StudyContext } from './study-types.js';

export type ImpliedPolicy = 'deny' | 'basic-normal' | 'all-normal' | 'break-glass-only';

/** FHIR dates or instants; an absent end is open. */
export interface ContextPeriod {
  readonly start?: string;
  readonly end?: string;
}

export interface Agreement {
  /** References of the members that agreed. */
  readonly parties: readonly string[];
  readonly purposes: readonly string[];
  readonly period?: ContextPeriod;
  readonly status: 'active' | 'ended';
}

export interface LegalBasis {
  readonly id: string;
  /** The member that it is for. */
  readonly requester: string;
  readonly purposes: readonly string[];
  readonly subject?: string;
  readonly labels?: readonly string[];
  readonly cites?: readonly string[];
  readonly period?: ContextPeriod;
  readonly status: 'active' | 'ended';
}

/** What else a decision rests on. Everything absent takes the stated default. */
export interface DecisionContext {
  /** Default `deny`. */
  readonly impliedPolicy?: ImpliedPolicy;
  /** Absent: every member is active. Present: a member not in it is unknown. */
  readonly members?: readonly { readonly reference: string; readonly status: 'active' | 'suspended' }[];
  readonly subjects?: readonly { readonly reference: string; readonly status: 'active' | 'erased' }[];
  readonly records?: readonly { readonly reference: string; readonly status: 'active' | 'erased' }[];
  /** Consent id to evidence; used by whoever builds `PolicyInForce` from files. Absent: witnessed. */
  readonly evidence?: Readonly<Record<string, Evidence>>;
  readonly agreements?: readonly Agreement[];
  /** Purposes that need an agreement; each covers what descends from it. */
  readonly agreementPurposes?: readonly string[];
  readonly legalBases?: readonly LegalBasis[];
  /** Studies that are registered; one that is not in it is not known. */
  readonly studies?: readonly StudyContext[];
  readonly emergencyRoles?: readonly string[];
  /** Hours until a break-glass access must have been reviewed. Default 72. */
  readonly reviewHours?: number;
  /** Purposes for which only a signed consent is good enough. */
  readonly signedOnlyPurposes?: readonly string[];
  /** URIs of the systems whose purposes (`system|code`) are registered. */
  readonly purposeSystems?: readonly string[];
}
