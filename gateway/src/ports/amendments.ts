/** What a list of amendments is narrowed to. */
export interface AmendmentFilter {
  readonly collections: readonly string[];
  readonly status: 'open' | 'overdue' | 'answered' | 'all';
  /** Epoch milliseconds. */
  readonly now: number;
  readonly subject?: string;
  readonly record?: string;
  readonly after?: AmendmentPlace;
  readonly limit: number;
}

/** Where a request stands among the others: in the order in which they came. */
export interface AmendmentPlace {
  /** Epoch milliseconds. */
  readonly requestedAt: number;
  readonly amendment: string;
}

/** A denied request that goes with what is disclosed of its record (45 CFR 164.526(d)(5)). */
export interface StandingDenial {
  readonly amendment: string;
  /** Whether the subject has stated that they disagree. */
  readonly isDisputed: boolean;
}

/** Which amendments there are: derived from the values, in the transaction that folds them. */
export interface Amendments {
  list(filter: AmendmentFilter): readonly (AmendmentPlace & { readonly collection: string })[];
  /** Not answered yet; of these, past their deadline. */
  open(now: number): { readonly open: number; readonly overdue: number };
  denialsOf(collection: string, record: string): readonly StandingDenial[];
}
