import {
  corrected,
  countTail,
  Histogram,
  steppedUp,
  sumTails,
  surprise,
  termTails,
  WorkFile,
} from '@consent-ledger/audit/unusual';
import { expect } from 'chai';
import fc from 'fast-check';
import { temporaryFolder } from '../../support/temporary.js';

describe('the arithmetic of unusual access', () => {
  const work = temporaryFolder();

  it('counts of a Poisson and of a negative binomial are as improbable as their sums say', () => {
    // R: 1 - ppois(9, 3), 1 - ppois(0, 0.5), 1 - pnbinom(9, size = 3, mu = 3), ppois(99, 1, lower = FALSE)
    expect(countTail(10, 3, 1)).to.be.closeTo(0.001102488, 1e-8);
    expect(countTail(1, 0.5, 1)).to.be.closeTo(0.3934693, 1e-7);
    expect(countTail(10, 3, 2)).to.be.closeTo(0.01928711, 1e-7);
    expect(countTail(100, 1, 1) / 3.9811e-159).to.be.closeTo(1, 1e-3);
    expect(countTail(0, 3, 1)).to.equal(1);
  });

  it('a larger count is never more probable, whatever mean and dispersion', () => {
    fc.assert(
      fc.property(
        fc.double({ min: 0.001, max: 500, noNaN: true }),
        fc.double({ min: 1, max: 50, noNaN: true }),
        (mean, dispersion) => {
          let before = 1;
          for (let least = 0; least < 300; least += 7) {
            const here = countTail(least, mean, dispersion);
            expect(here).to.be.at.least(0);
            expect(here).to.be.at.most(before + 1e-9);
            before = here;
          }
        },
      ),
    );
  });

  it('surprise is rounded down to eighths of a bit, and bounded', () => {
    expect([1, 0.5, 0.25, 2 ** -10, 0].map(surprise)).to.deep.equal([0, 8, 16, 80, 512]);
    expect(surprise(0.999)).to.equal(0);
  });

  it('sums of independent terms are as improbable as all ways of making them', () => {
    const share = fc.array(fc.integer({ min: 0, max: 20 }), { minLength: 1, maxLength: 6 });
    fc.assert(
      fc.property(fc.array(share, { minLength: 1, maxLength: 3 }), (terms) => {
        const histograms = terms.map((counts) => {
          const histogram = new Histogram();
          histogram.add(0);
          counts.forEach((count, value) => {
            for (let n = 0; n < count; n += 1) histogram.add(value);
          });
          return histogram;
        });
        const tails = histograms.map((one) => one.tails());
        const length = histograms.reduce((sum, one) => sum + one.length, 8);
        const summed = sumTails(tails, length);
        let combinations: readonly (readonly [number, number])[] = [[0, 1]];
        for (const tail of tails)
          combinations = combinations.flatMap(([sum, weight]) =>
            tail.map((one, value): [number, number] => [
              sum + value,
              weight * (one - (tail[value + 1] ?? 0)),
            ]),
          );
        for (let least = 0; least < length; least += 1) {
          const brute = combinations.reduce((sum, [at, weight]) => sum + (at >= least ? weight : 0), 0);
          expect(summed[least]).to.be.closeTo(brute, 1e-9);
        }
      }),
    );
  });

  it('a term is never taken to be rarer than it is met and than it states, both', () => {
    const seen = [1, 0.4, 0.2, 0.005, 0.004];
    const tails = termTails(seen, 1_000);
    // 0.4 at an eighth of a bit is less than stated: no inflation.
    expect(tails).to.deep.equal([1, 0.401, 0.201, 0.006, 0.005]);
    const frequent = termTails([1, 1, 1, 1, 1, 1, 1, 1, 0.9, 0.001], 1_000_000);
    // Met at one bit in 0.9 of all where it states a half: what is rare is taken to be 1.8 times as frequent as stated.
    expect(frequent[9]).to.be.closeTo(0.001001, 1e-9);
  });

  it('what is met more often than independence says is never left at what it says', () => {
    const stated = Array.from({ length: 200 }, (_, value) => 2 ** (-value / 8));
    const seen = stated.map((one) => one ** 0.5);
    const mended = corrected(seen, stated);
    mended.forEach((p, value) => {
      expect(p, String(value)).to.be.at.least((seen[value] ?? 0) * 0.9);
      expect(p).to.be.at.most(mended[value - 1] ?? 1);
    });
    corrected(stated, stated).forEach((p, value) => {
      expect(p / (stated[value] ?? 1)).to.be.closeTo(1, 1e-9);
    });
  });

  it('steps up as Benjamini and Hochberg do, by p over weight', async function () {
    this.timeout(60_000);
    await fc.assert(
      fc.asyncProperty(
        fc.array(
          fc.record({
            p: fc.constantFrom(1e-6, 1e-4, 0.001, 0.004, 0.01, 0.04, 0.2, 0.5, 1),
            weight: fc.constantFrom(0, 0.5, 1, 1, 1, 2, 4),
          }),
          { minLength: 1, maxLength: 30 },
        ),
        async (tests) => {
          const file = await WorkFile.make(work.path);
          try {
            await file.run('CREATE TABLE weighed (visit INTEGER PRIMARY KEY, p REAL, weight REAL)');
            await file.insert(
              'weighed',
              tests.map(({ p, weight }, index) => [index + 1, p, weight]),
            );
            await steppedUp(file);
            const rows = await file.all<{ visit: number; rate: number }>('SELECT visit, rate FROM ranking');
            const mean = tests.reduce((sum, { weight }) => sum + weight, 0) / tests.length;
            const q = tests.map(({ p, weight }) => (weight === 0 ? Infinity : (p * mean) / weight));
            for (const rate of [0.01, 0.1, 0.3, 0.9]) {
              // The largest k of which the k-th smallest is at most rate * k / m.
              const sorted = [...q].sort((a, b) => a - b);
              let bound = -1;
              sorted.forEach((one, index) => {
                if (one <= (rate * (index + 1)) / tests.length + 1e-12) bound = one;
              });
              const expected = q.map((one, index) => (one <= bound ? index + 1 : 0)).filter(Boolean);
              const listed = rows.filter((row) => row.rate <= rate + 1e-12).map(({ visit }) => visit);
              expect(listed.sort((a, b) => a - b)).to.deep.equal(expected);
            }
          } finally {
            await file.close();
          }
        },
      ),
      { numRuns: 8 },
    );
  });
});
