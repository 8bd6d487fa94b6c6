import type { Conflict, Problem } from '@consent-ledger/chaincode/domain';
import type { ErrorCode } from '@consent-ledger/chaincode/wire';

/** What a refusal may carry beside its code; but for conflicts, none of it may hold a value of the input or anything about a person. */
export interface RefusalDetails {
  readonly errors?: readonly Problem[];
  /** Denies in force that would defeat a consent; for its custodian's own staff. */
  readonly conflicts?: readonly Conflict[];
  /** The access event that holds the refusal. */
  readonly event?: { readonly key: string; readonly transaction: string; readonly block: number };
  /** When the same call may be worth another try; told as `Retry-After`. */
  readonly retryAfterSeconds?: number;
  readonly cause?: unknown;
}

/** A use case says no, by a code of the catalogue. Everything else that is thrown is a defect or a failure. */
export class Refusal extends Error {
  override readonly name = 'Refusal';
  readonly errors: readonly Problem[];
  readonly conflicts: readonly Conflict[];
  readonly event: RefusalDetails['event'];
  readonly retryAfterSeconds: number | undefined;

  constructor(
    readonly code: ErrorCode,
    details: RefusalDetails = {},
  ) {
    super(code, details.cause === undefined ? undefined : { cause: details.cause });
    this.errors = details.errors ?? [];
    this.conflicts = details.conflicts ?? [];
    this.event = details.event;
    this.retryAfterSeconds = details.retryAfterSeconds;
  }
}
