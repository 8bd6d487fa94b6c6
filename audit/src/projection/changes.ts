import type { Row, TableName } from './tables.js';

/** A private key that was deleted or purged: all rows of it before that position go. */
export interface Removal {
  readonly position: number;
  readonly keyHash: string;
}

/** What some blocks, or values that came late, make of the projection. The order of its parts does not matter. */
export class Changes {
  readonly rows = new Map<TableName, unknown[]>();
  readonly removals: Removal[] = [];
  /** Positions whose values are pending no longer. */
  readonly filled: number[] = [];
  /** Collections that somebody wrote to and that are not folded. */
  readonly passedOver = new Set<string>();
  /** Number of rows, and of access events. */
  size = 0;
  events = 0;

  add<Table extends TableName>(table: Table, row: Row<Table>): void {
    let rows = this.rows.get(table);
    if (rows === undefined) {
      rows = [];
      this.rows.set(table, rows);
    }
    rows.push(row);
    this.size += 1;
    if (table === 'access_event') this.events += 1;
  }

  /** Takes in all of the others. */
  merge(others: Changes): void {
    for (const [table, rows] of others.rows) {
      const here = this.rows.get(table);
      if (here === undefined) this.rows.set(table, rows);
      else for (const row of rows) here.push(row);
    }
    this.removals.push(...others.removals);
    this.filled.push(...others.filled);
    for (const collection of others.passedOver) this.passedOver.add(collection);
    this.size += others.size;
    this.events += others.events;
  }
}

/** How far the projection is, before and after some changes. */
export interface Step {
  readonly from: number;
  readonly height: number;
  /** Hash of the last block's header, hex. */
  readonly hash: string;
  readonly ledger: string;
  readonly collections: readonly string[];
  readonly passedOver: readonly string[];
}
