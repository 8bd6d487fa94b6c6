import { decide, sensitivityCodes, type Question } from '@consent-ledger/chaincode/domain';
import { labelLimits } from '@consent-ledger/gateway/internal/usecases/label-limits';
import { expect } from 'chai';
import fc from 'fast-check';
import { context, filedConsents, question } from '../domain/arbitraries.js';
import { compileAll } from '../domain/compile-all.js';

const LEVELS = ['U', 'L', 'M', 'N', 'R', 'V'];
const labels = fc
  .tuple(fc.subarray(LEVELS, { maxLength: 2 }), fc.subarray([...sensitivityCodes], { maxLength: 3 }))
  .map(([levels, sensitivities]) => [...levels, ...sensitivities]);

describe('what an EHR is told to redact', function () {
  this.timeout(120_000);
  let held = 0;
  let shown = 0;

  it('never lets through what the rules deny, whatever the labels', () => {
    fc.assert(
      fc.property(
        question,
        filedConsents,
        context,
        fc.array(labels, { minLength: 20, maxLength: 40 }),
        (asked, filed, rest, tried) => {
          const consents = compileAll(filed);
          const permits = (carried: readonly string[]): boolean => {
            const labelled: Question = { ...asked, record: { ...asked.record, labels: carried } };
            return decide(labelled, consents, rest).outcome === 'permit';
          };
          const limits = labelLimits(permits);
          for (const carried of limits === undefined ? [] : tried) {
            const isShown =
              carried.some((label) => limits?.only.includes(label) === true) &&
              !carried.some((label) => limits?.never.includes(label) === true);
            if (isShown) shown += 1;
            else held += 1;
            if (isShown) expect(permits(carried), carried.join()).to.equal(true);
          }
        },
      ),
      { numRuns: 150 },
    );
  });

  it('was tried on what is shown, and on what is held back', () => {
    expect(shown).to.be.greaterThan(10);
    expect(held).to.be.greaterThan(10);
  });
});
