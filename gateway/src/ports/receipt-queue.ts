/** A signed receipt that its custodian has not acknowledged yet. */
export interface WaitingReceipt {
  readonly jti: string;
  /** MSP id. */
  readonly custodian: string;
  /** The JWS. */
  readonly receipt: string;
  readonly attempts: number;
}

/** Receipts that are still to be brought; what is kept survives a crash at any moment after `keep` returned. */
export interface ReceiptQueue {
  /** Due at `at`, epoch milliseconds. */
  keep(receipt: Omit<WaitingReceipt, 'attempts'>, at: number): void;
  /** Longest waiting first. */
  due(now: number, limit: number): readonly WaitingReceipt[];
  settle(jti: string): void;
  retry(jti: string, at: number): void;
}
