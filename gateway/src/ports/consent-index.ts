export type FhirRelease = 'r4' | 'r5';

/** The newest version of a consent, as far as one looks for it. */
export interface IndexedConsent {
  readonly consent: string;
  readonly subject: string;
  /** Number of the newest version that was filed. */
  readonly version: number;
}

/** Half-open span of epoch milliseconds that a search names; both ends are known. */
export interface SearchedSpan {
  readonly from: number;
  readonly until: number;
}

export const DATE_PREFIXES = ['eq', 'ne', 'gt', 'lt', 'ge', 'le', 'sa', 'eb', 'ap'] as const;
export type DatePrefix = (typeof DATE_PREFIXES)[number];

export interface DateCriterion extends SearchedSpan {
  readonly prefix: DatePrefix;
}

/** `qualifier` is the type of a reference or the system of a code; absent: any. `value` absent: any. */
export interface Term {
  readonly qualifier?: string;
  readonly value?: string;
}

/** What consents must be found by. Within a list one is enough; all lists must hold. */
export interface ConsentFilter {
  /** Custody collection. */
  readonly collection: string;
  readonly release: FhirRelease;
  readonly ids: readonly (readonly string[])[];
  readonly subjects: readonly (readonly string[])[];
  readonly statuses: readonly (readonly string[])[];
  readonly actors: readonly (readonly Term[])[];
  readonly purposes: readonly (readonly Term[])[];
  readonly periods: readonly (readonly DateCriterion[])[];
  readonly updated: readonly (readonly DateCriterion[])[];
}

/** Finds consents by what they say; a withdrawn consent has the status `inactive`. */
export interface ConsentIndex {
  /** Undefined where no such consent is filed, or none that this member holds. */
  find(collection: string, consent: string): (IndexedConsent & { readonly release: FhirRelease }) | undefined;
  /** In the order of their ids, those after `after`, `limit` at most. */
  search(filter: ConsentFilter, after: string | undefined, limit: number): readonly IndexedConsent[];
  count(filter: ConsentFilter): number;
}
