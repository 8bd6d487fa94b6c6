import type { Bar } from '../report.js';

/** What every part of the benchmark gets. */
export interface PartContext {
  /** For the part alone, and thrown away after it. */
  readonly folder: string;
  /** Says what is done now. */
  readonly say: (line: string) => void;
  /** Accesses that are decided and folded or verified, and accesses that questions are asked among. */
  readonly folded: number;
  readonly events: number;
}

/** One line of the table. A rate has one figure; what was timed has median, p95 and p99. */
export interface Line {
  readonly what: string;
  readonly figures: readonly number[];
  readonly unit: string;
}

export interface Measured {
  readonly lines: readonly Line[];
  readonly bars: readonly Bar[];
  /** For the JSON of the last line. */
  readonly figures: Readonly<Record<string, unknown>>;
}

/** Something that `npm run bench:audit` measures. */
export interface Part {
  /** For `--only`, and for the JSON. */
  readonly name: string;
  measure(context: PartContext): Promise<Measured>;
}
