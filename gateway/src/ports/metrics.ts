/** What the outside may count. Labels come from closed lists: operation, status class, outcome of a transaction. */
export interface Metrics {
  /** One HTTP request answered. */
  answered(operation: string, status: number, seconds: number): void;
  /** One transaction settled: `valid`, or the name of Fabric's validation code. */
  settled(outcome: string, seconds: number): void;
  /** A proposal was made afresh: `conflict`, `epoch` or `endorsements`. */
  proposedAgain(why: string): void;
  /** The bytes of an earlier transaction were sent once more. */
  resent(): void;
  /** Requests decided in one transaction. */
  batched(requests: number): void;
  /** What the gauges read when somebody asks. */
  observe(source: GaugeSource): void;
  render(): Promise<{ readonly contentType: string; readonly text: string }>;
}

export interface GaugeSource {
  /** Number of blocks folded into the projection. */
  readonly height: () => number;
  readonly pendingValues: () => number;
  readonly openTransactions: () => number;
  readonly waitingRequests: () => number;
  /** Messages to subjects that are still to be brought. */
  readonly waitingNotifications: () => number;
  /** Erasures that are still to be done to the end. */
  readonly openErasures: () => number;
  /** Whether transactions can be made, as far as is known. */
  readonly isLedgerOpen: () => boolean;
  /** Accesses in an emergency that nobody has reviewed; of these, those whose deadline is over. */
  readonly openReviews: () => number;
  readonly overdueReviews: () => number;
  /** Requests to amend a record that nobody has answered; of these, those whose deadline is over. */
  readonly openAmendments: () => number;
  readonly overdueAmendments: () => number;
  /** Entries of the own emergency journal that are not on the ledger; of these, those that should be. */
  readonly openJournalEntries: () => number;
  readonly overdueJournalEntries: () => number;
  /** What is wrong with anybody's emergency journal, at oversight. */
  readonly journalFindings: () => number;
  /** Records that were permitted a while ago, and nobody has said whether they arrived. */
  readonly unsettledPermits: () => number;
  /** Since the epoch began. */
  readonly epochAgeSeconds: () => number;
}
