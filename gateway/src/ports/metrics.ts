/** What the outside may count. Labels come from closed lists: operation, status class, outcome of a transaction. */
export interface Metrics {
  /** One HTTP request answered. */
  answered(operation: string, status: number, seconds: number): void;
  /** One transaction settled: `valid`, or the name of Fabric's validation code. */
  settled(outcome: string, seconds: number): void;
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
}
