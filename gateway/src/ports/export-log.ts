import type { ExportPage } from '@consent-ledger/chaincode/wire/http';

export type LoggedExport = ExportPage['exports'][number];

/** Who took a file out of what this member reads; its own record, no part of the ledger. */
export interface ExportLog {
  /** On the disk when it returns. */
  append(taken: LoggedExport): void;
  /** At most `limit` after a position, oldest first. */
  after(position: number, limit: number): readonly (LoggedExport & { readonly position: number })[];
}
