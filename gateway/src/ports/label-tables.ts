import type { LabelTable } from '../usecases/labelling/label-table.js';

/** The rules that records are labelled by: today's, and all that descriptors name. */
export interface LabelTables {
  readonly current: LabelTable;
  /** Undefined where a table of that digest was never used here, or its file is gone. */
  earlier(digest: string): LabelTable | undefined;
}
