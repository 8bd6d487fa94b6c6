import type { EventEntry, PrivateValueAt } from './projection.js';

/** An access for which the glass was broken. */
export interface Emergency {
  readonly entry: EventEntry;
  /** Epoch milliseconds. */
  readonly reviewBy: number;
  /** Absent where there is none yet. */
  readonly review?: PrivateValueAt;
}

export interface EmergencyFilter {
  readonly collections: readonly string[];
  readonly status: 'open' | 'overdue' | 'reviewed';
  /** Epoch milliseconds. */
  readonly now: number;
  /** Position after which the list goes on. */
  readonly after?: string;
  readonly limit: number;
}

/** A permit of which no delivery is known, with the records that it is about. */
export interface Unsettled {
  readonly entry: EventEntry;
  readonly records: readonly string[];
}

export interface UnsettledFilter {
  readonly collections: readonly string[];
  /** Permits since then may still be under way, epoch milliseconds. */
  readonly before: number;
  readonly after?: string;
  readonly limit: number;
}

/** What somebody has to look after once records have left, as the projection has it. */
export interface FollowUps {
  emergencies(filter: EmergencyFilter): readonly Emergency[];
  emergency(collection: string, event: string): Emergency | undefined;
  /** Not reviewed yet; of these, past their deadline. */
  openReviews(now: number): { readonly open: number; readonly overdue: number };
  unsettled(filter: UnsettledFilter): readonly Unsettled[];
  /** Records whose permit is older than `before`, and of which no delivery is known. */
  unsettledCount(before: number): number;
}
