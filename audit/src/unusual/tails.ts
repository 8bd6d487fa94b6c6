/*
 * How surprising something is, in eighths of a bit: 8 means as rare as one in two, 80 as one in 1,024. Whole numbers, rounded down, so that what
 * follows from them is the same on every machine.
 */

export const EIGHTHS = 8;
/** Rarer than one in 2^64 nothing is taken to be: no baseline is good enough for more. */
export const MOST = 64 * EIGHTHS;

/** @param probability of at least this, if nothing were unusual */
export function surprise(probability: number): number {
  if (!(probability < 1)) return 0;
  if (probability <= 0) return MOST;
  return Math.min(MOST, Math.floor(-Math.log2(probability) * EIGHTHS + 1e-9));
}

/** The probability that so much surprise stands for. */
export function chanceOf(eighths: number): number {
  return 2 ** (-eighths / EIGHTHS);
}

/** A share that is known of a few, drawn towards that of many: as if `weight` more had been seen there. */
export function shrunk(count: number, of: number, towards: number, weight: number): number {
  return (count + weight * towards) / (of + weight);
}

/**
 * Probability of a count of at least `least` with that mean, where counts vary `dispersion` times as much as their mean (a negative binomial; a Poisson
 * where it is 1).
 */
export function countTail(least: number, mean: number, dispersion: number): number {
  if (least <= 0) return 1;
  if (mean <= 0) return 0;
  const beyond = Math.max(dispersion, 1) - 1;
  let term = beyond < 1e-6 ? Math.exp(-mean) : (1 + beyond) ** (-mean / beyond);
  // Too small to begin with: it is far out on the other side, and the sum below would not see it.
  if (term === 0) return least > mean ? chebyshev(least, mean, mean * (1 + beyond)) : 1;
  let below = term;
  for (let n = 1; n < least; n += 1) {
    term *= beyond < 1e-6 ? mean / n : ((mean / beyond + n - 1) * (beyond / (1 + beyond))) / n;
    below += term;
  }
  // Where the sum has used up its digits, the rest is summed instead.
  return below < 0.999 ? 1 - below : rest(least, term, mean, beyond);
}

function rest(least: number, before: number, mean: number, beyond: number): number {
  let [term, sum] = [before, 0];
  for (let n = least; n < least + 100_000; n += 1) {
    term *= beyond < 1e-6 ? mean / n : ((mean / beyond + n - 1) * (beyond / (1 + beyond))) / n;
    sum += term;
    if (term < sum * 1e-12 || term === 0) break;
  }
  return sum;
}

function chebyshev(least: number, mean: number, variance: number): number {
  return Math.min(1, variance / (variance + (least - mean) ** 2));
}
