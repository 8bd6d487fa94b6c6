import type { LoggedCheck } from '@consent-ledger/chaincode/wire/http';

/** One call that checked, with every question and answer. */
export interface CheckedCall {
  /** Epoch milliseconds. */
  readonly at: number;
  /** Number of blocks that the answers stand on. */
  readonly height: number;
  /** Pseudonym of the user who checked. */
  readonly user: string;
  readonly checks: readonly CheckedQuestion[];
}

/** One question with its answer, as it is kept; a {@link LoggedCheck}. */
export interface CheckedQuestion {
  readonly subjects: readonly string[];
  readonly record: string | undefined;
  /** `Organization/<name>`. */
  readonly requester: string;
  readonly purpose: readonly string[];
  readonly outcome: LoggedCheck['outcome'];
  readonly reason: string;
}

export interface CheckedCallAt extends Omit<CheckedCall, 'checks'> {
  readonly checks: readonly LoggedCheck[];
  /** Order in the log, from 1 on. */
  readonly position: number;
}

/** Who checked what at this gateway; it is this member's own record, no part of the ledger. */
export interface CheckLog {
  /** Resolves when the calls are on the disk. Throws a Refusal `store-unavailable`. */
  append(calls: readonly CheckedCall[]): Promise<void>;
  /** At most `limit` calls after a position, oldest first. */
  after(position: number, limit: number): readonly CheckedCallAt[];
  /** The newest calls since an instant, at most `limit`, newest first. */
  since(at: number, limit: number): Iterable<CheckedCallAt>;
}
