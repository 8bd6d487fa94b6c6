import { table } from '../terminal/table.js';

/** What an issue demands of one figure. */
export interface Bar {
  readonly name: string;
  readonly figure: number;
  readonly unit: string;
  /** The figure must be at least, or at most, so much. */
  readonly at: 'least' | 'most';
  readonly bound: number;
}

/**
 * Prints the table, the bars and, as the last line, all of it as JSON.
 * @returns the exit code: 1 when a bar is not met
 */
export function report(
  bench: string,
  rows: readonly (readonly string[])[],
  bars: readonly Bar[],
  figures: Readonly<Record<string, unknown>>,
): number {
  const print = (line: string): void => void process.stdout.write(`${line}\n`);
  table(rows).forEach(print);
  print('');
  const judged = bars.map((bar) => ({ ...bar, met: met(bar) }));
  table([
    ['bar', 'figure', '', 'bound', 'met'],
    ...judged.map((bar) => [
      bar.name,
      shown(bar.figure),
      bar.unit,
      `at ${bar.at} ${shown(bar.bound)}`,
      bar.met ? 'yes' : 'NO',
    ]),
  ]).forEach(print);
  print(JSON.stringify({ bench, figures, bars: judged }));
  return judged.every((bar) => bar.met) ? 0 : 1;
}

function met({ at, figure, bound }: Bar): boolean {
  return at === 'least' ? figure >= bound : figure <= bound;
}

/** Three significant digits below a thousand, whole numbers above. */
export function shown(figure: number): string {
  return figure >= 100 ? figure.toFixed(0) : figure.toPrecision(3);
}
