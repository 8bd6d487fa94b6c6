const GIVEN = process.env['CONSENT_LEDGER_FAULT_SEED'];

/** What every fault test chooses by: `CONSENT_LEDGER_FAULT_SEED`, or else by chance. Each prints it with what it tried. */
export const FAULT_SEED = Number(GIVEN ?? Math.floor(Math.random() * 2 ** 31));

/** Seeded, so that a failure comes again: the seed is printed with it. */
export interface Dice {
  readonly seed: number;
  /** A whole number from 0 to `below` - 1. */
  next(below: number): number;
}

export function diceOf(seed: number): Dice {
  let state = seed >>> 0;
  return {
    seed,
    next: (below) => {
      // Mulberry32: any good small generator does, as long as it is the same each time.
      state = (state + 0x6d2b79f5) >>> 0;
      let mixed = Math.imul(state ^ (state >>> 15), state | 1);
      mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
      return Math.floor((((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32) * below);
    },
  };
}
