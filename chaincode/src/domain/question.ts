/** One coding, compared by system and code together. */
export interface Coding {
  readonly system: string;
  readonly code: string;
}

/** When a record was authored: a FHIR instant or date, or a span of them; an absent end is open. */
export type Authored = string | { readonly start?: string; readonly end?: string };

/** What the asker knows of the record. An absent element is unknown; an empty list says "none". */
export interface RecordFacts {
  readonly reference?: string;
  readonly resourceType?: string;
  readonly classes?: readonly Coding[];
  readonly codes?: readonly Coding[];
  /** v3 Confidentiality and sensitivity codes, and `42CFRPart2`. `[]` means assessed and found without any. */
  readonly labels?: readonly string[];
  readonly authored?: Authored;
  readonly author?: readonly string[];
  readonly refersTo?: readonly string[];
  readonly referredToBy?: readonly string[];
}

/** Who asks. `references` are what the member attests: absent is unknown, `[]` is nobody. */
export interface Requester {
  readonly member: string;
  readonly references?: readonly string[];
  readonly roles?: readonly string[];
}

export type Action = 'collect' | 'access' | 'use' | 'disclose' | 'correct';

/** The question that `decide` answers (docs/consent.md, "The question"). */
export interface Question {
  /** FHIR instant, with its zone. */
  readonly at: string;
  readonly custodian?: string;
  readonly requester: Requester;
  /** v3 ActReason codes below PurposeOfUse, or `system|code` of a registered system; one or more. */
  readonly purpose: readonly string[];
  /** Defaults to `["access"]`. */
  readonly actions?: readonly Action[];
  /** Whom the record is about; absent, it is the one subject of the consents given. */
  readonly subjects?: readonly string[];
  readonly record?: RecordFacts;
  readonly emergency?: { readonly reason: string };
  readonly legalBasis?: string;
  /** Id of the study that it is asked for. */
  readonly study?: string;
}
