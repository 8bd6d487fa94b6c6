import { FAULT_SEED } from './dice.js';

/** Promises of docs/guarantees.md, by their numbers. */
export type Promised = 1 | 2 | 3 | 4 | 5 | 6 | 7 | 8;

/** What is tried, and against which promise. */
export interface Attack {
  readonly promise: Promised;
  readonly what: string;
}

interface Row extends Attack {
  attempts: number;
  violations: number;
}

const rows = new Map<string, Row>();

/** Counts what was tried, and of that what broke the promise. The table of everything is printed when the process ends. */
export function tried({ promise, what }: Attack, attempts: number, violations = 0): void {
  if (rows.size === 0) process.once('exit', print);
  const name = `${promise} ${what}`;
  const row = rows.get(name) ?? { promise, what, attempts: 0, violations: 0 };
  row.attempts += attempts;
  row.violations += violations;
  rows.set(name, row);
}

function print(): void {
  const sorted = [...rows.values()].sort((one, other) => one.promise - other.promise);
  const width = Math.max(...sorted.map(({ what }) => what.length));
  const line = (promise: string, what: string, attempts: string, violations: string): string =>
    `| ${promise.padEnd(7)} | ${what.padEnd(width)} | ${attempts.padStart(8)} | ${violations.padStart(10)} |\n`;
  const sum = (of: 'attempts' | 'violations'): string =>
    `${sorted.reduce((total, row) => total + row[of], 0)}`;
  process.stdout.write(
    [
      `\nWhat was tried (CONSENT_LEDGER_FAULT_SEED=${FAULT_SEED}):\n\n`,
      line('promise', 'attack', 'attempts', 'violations'),
      `| ${'-'.repeat(7)} | ${'-'.repeat(width)} | ${'-'.repeat(7)}: | ${'-'.repeat(9)}: |\n`,
      ...sorted.map((row) => line(`${row.promise}`, row.what, `${row.attempts}`, `${row.violations}`)),
      line('all', '', sum('attempts'), sum('violations')),
    ].join(''),
  );
}
