import { chanceOf, EIGHTHS } from './tails.js';

/*
 * From the terms' surprises to one probability for each sum of them. See docs/audit.md, "Unusual access", for why each step is taken.
 */

/** What is rarer than this among all is not looked at for calibration, since misuse is in it. */
const BULK = 0.01;
const SHOULDER = 0.1;
const LEAST_SLOPE = 0.25;

/** How often each surprise was met, by eighths of a bit. */
export class Histogram {
  readonly #counts: number[] = [];
  #total = 0;

  add(value: number): void {
    while (this.#counts.length <= value) this.#counts.push(0);
    this.#counts[value] = (this.#counts[value] ?? 0) + 1;
    this.#total += 1;
  }

  get length(): number {
    return this.#counts.length;
  }

  get total(): number {
    return this.#total;
  }

  /** Share of what is at least so much. */
  tails(): number[] {
    const tails: number[] = [];
    let sum = 0;
    for (let value = this.#counts.length - 1; value >= 0; value -= 1) {
      sum += this.#counts[value] ?? 0;
      tails[value] = sum / this.#total;
    }
    return tails;
  }
}

/**
 * The probability that one term comes to at least so much, by eighths of a bit: no more than it is met, misuse included, and no more than it states
 * itself; the latter times as much as it is met more often than stated where it is still common (the inflation).
 */
export function termTails(seen: readonly number[], visits: number): number[] {
  // Where a term cannot speak at all, it is silent.
  if (seen.length === 0) return [1];
  let inflation = 1;
  seen.forEach((share, value) => {
    if (value > 0 && share >= BULK) inflation = Math.max(inflation, share / chanceOf(value));
  });
  return seen.map((share, value) =>
    value === 0 ? 1 : Math.min(1, share + 1 / visits, inflation * chanceOf(value)),
  );
}

/** The probability that independent terms come to at least so much together. */
export function sumTails(terms: readonly (readonly number[])[], length: number): number[] {
  let mass = [1];
  for (const tails of terms) {
    const next = Array.from({ length }, () => 0);
    mass.forEach((weight, value) => {
      if (weight === 0) return;
      for (let more = 0; more < tails.length; more += 1) {
        const here = (tails[more] ?? 0) - (tails[more + 1] ?? 0);
        const sum = Math.min(length - 1, value + more);
        if (here > 0) next[sum] = (next[sum] ?? 0) + weight * here;
      }
    });
    mass = next;
  }
  let sum = 0;
  for (let value = mass.length - 1; value >= 0; value -= 1) {
    sum += mass[value] ?? 0;
    mass[value] = sum;
  }
  return mass;
}

/**
 * Corrects for what independence does not say: where sums are met more often than they should be, at a tenth and at a hundredth of all, what is
 * rarer is drawn out by how that grows between these, as a straight line of logarithms.
 * @param seen share of visits whose sum is at least so much; @param stated what independence makes of it
 */
export function corrected(seen: readonly number[], stated: readonly number[]): number[] {
  const at = (level: number): number => stated.findIndex((one) => one <= level);
  const [shoulder, bulk] = [at(SHOULDER), at(BULK)];
  const statedAt = (value: number): number => stated[value] ?? 1;
  const inflation = (value: number): number => Math.max(1, (seen[value] ?? 0) / statedAt(value));
  if (bulk < 0 || shoulder < 0) return stated.map(() => 1);
  const start = inflation(bulk) * statedAt(bulk);
  const run = Math.log(statedAt(shoulder) / statedAt(bulk));
  const growth = run > 0 ? Math.log(inflation(bulk) / inflation(shoulder)) / run : 0;
  const slope = Math.min(1, Math.max(LEAST_SLOPE, 1 - growth));
  let least = 1;
  return stated.map((one, value) => {
    const p = value < bulk ? Math.max(one, seen[value] ?? 0) : start * (one / statedAt(bulk)) ** slope;
    // A larger sum is never more probable.
    least = Math.min(least, p);
    return least;
  });
}

/** The largest sum that is told apart from others. */
export function lengthFor(histograms: readonly Histogram[]): number {
  return histograms.reduce((sum, one) => sum + one.length, EIGHTHS);
}
