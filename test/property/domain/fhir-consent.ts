/** The parts of a FHIR Consent that the reference evaluator reads, R4 and R5 together. */
export interface FhirCoding {
  readonly system: string;
  readonly code: string;
}

export interface FhirConcept {
  readonly coding: readonly FhirCoding[];
}

export interface FhirPeriod {
  readonly start?: string;
  readonly end?: string;
}

export interface FhirActor {
  readonly role?: FhirConcept;
  readonly reference: { readonly reference: string };
}

export interface FhirProvision {
  readonly type?: 'permit' | 'deny';
  readonly period?: FhirPeriod;
  readonly actor?: readonly FhirActor[];
  readonly action?: readonly FhirConcept[];
  readonly securityLabel?: readonly FhirCoding[];
  readonly purpose?: readonly FhirCoding[];
  readonly class?: readonly FhirCoding[];
  readonly documentType?: readonly FhirCoding[];
  readonly resourceType?: readonly FhirCoding[];
  readonly code?: readonly FhirConcept[];
  readonly dataPeriod?: FhirPeriod;
  readonly data?: readonly {
    readonly meaning: 'instance' | 'related' | 'dependents' | 'authoredby';
    readonly reference: { readonly reference: string };
  }[];
  readonly provision?: readonly FhirProvision[];
}

interface Common {
  readonly resourceType: 'Consent';
  readonly id: string;
  readonly status: string;
  readonly extension?: readonly {
    readonly url: string;
    readonly valueReference: { readonly reference: string };
  }[];
}

export interface R4Consent extends Common {
  readonly scope: FhirConcept;
  readonly patient: { readonly reference: string };
  readonly policyRule?: FhirConcept;
  readonly provision?: FhirProvision;
}

export interface R5Consent extends Common {
  readonly category?: readonly FhirConcept[];
  readonly subject: { readonly reference: string };
  readonly period?: FhirPeriod;
  readonly decision: 'permit' | 'deny';
  readonly provision?: readonly FhirProvision[];
}

export type FhirConsent = R4Consent | R5Consent;
