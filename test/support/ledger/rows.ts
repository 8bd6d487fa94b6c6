import type { Bench } from './bench.js';
import type { Capability, RunningLedger } from './target.js';

export interface RowOptions {
  /** Without these the row is left out, and reported as pending. */
  readonly needs?: readonly Capability[];
  /** Left out, and reported as pending, on a ledger of which this says true. */
  readonly unless?: (ledger: RunningLedger) => boolean;
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
  return (number, claim, attempt, { needs = [], unless, timeoutMs = 20_000 } = {}) => {
    it(number === '' ? claim : `${claim} [row ${number}]`, async function () {
      this.timeout(timeoutMs);
      const { ledger } = bench();
      if (needs.some((capability) => ledger.lacks.has(capability)) || unless?.(ledger) === true) {
        this.skip();
      }
      await attempt(bench());
    });
  };
}
