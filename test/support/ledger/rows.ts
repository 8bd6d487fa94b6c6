import type { Bench } from './bench.js';
import type { Capability } from './target.js';

export interface RowOptions {
  /** Without these the row is left out, and reported as pending. */
  readonly needs?: readonly Capability[];
  readonly timeoutMs?: number;
}

/** States one claim; the number is the row of the conformance table that it comes from, or empty. */
export type Row = (
  number: string,
  claim: string,
  attempt: (bench: Bench) => Promise<unknown>,
  options?: RowOptions,
) => void;

/** A group of claims, to be made about any ledger. */
export type Behaviour = (row: Row) => void;

export function rowsOn(bench: () => Bench): Row {
  return (number, claim, attempt, { needs = [], timeoutMs = 20_000 } = {}) => {
    it(number === '' ? claim : `${claim} [row ${number}]`, async function () {
      this.timeout(timeoutMs);
      if (needs.some((capability) => bench().ledger.lacks.has(capability))) {
        this.skip();
      }
      await attempt(bench());
    });
  };
}
