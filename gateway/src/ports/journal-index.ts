import type { LoggedEntry } from '@consent-ledger/chaincode/wire';

/** The entries of emergency journals that are in events, as the projection has them. */
export interface JournalIndex {
  entries(): LoggedEntry[];
}
