import type { Value } from '../tables.js';

/** What the worker is asked. */
export type Ask =
  | { readonly kind: 'query'; readonly sql: string; readonly parameters: readonly Value[] }
  | {
      readonly kind: 'write';
      readonly first: readonly BulkStatement[];
      readonly inserts: readonly BulkInsert[];
      readonly last: readonly BulkStatement[];
    };

export interface BulkInsert {
  readonly sql: string;
  readonly rows: readonly (readonly Value[])[];
}

export interface BulkStatement {
  readonly sql: string;
  readonly parameters: readonly Value[];
  readonly mustChange?: number;
}

export interface Asked {
  readonly id: number;
  readonly ask: Ask;
}

export type Answered =
  | { readonly id: number; readonly rows: readonly unknown[]; readonly changes: number }
  | { readonly id: number; readonly failed: 'moved' | 'error'; readonly message: string };

export interface WorkerSettings {
  readonly path: string;
  readonly readOnly: boolean;
  /** Thrown away at the end: nothing in it needs to last, and what is sorted for it need not be in memory. */
  readonly isScratch?: boolean;
}
