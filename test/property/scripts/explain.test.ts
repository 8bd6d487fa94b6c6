import { decide, reasons, trace, validateQuestion } from '@consent-ledger/chaincode/domain';
import { changesOf, findChanges } from '@consent-ledger/scripts';
import { expect } from 'chai';
import fc from 'fast-check';
import { context, filedConsents, purposeSystems, question } from '../domain/arbitraries.js';
import { compileAll } from '../domain/compile-all.js';

const runs = { numRuns: Number(process.env['PROPERTY_RUNS'] ?? 150) };
const BUDGET = 4_000;

const cases = fc
  .tuple(question, filedConsents, context)
  .map(([asked, filed, rest]): Parameters<typeof findChanges>[0] => ({
    question: asked,
    consents: compileAll(filed),
    context: { ...rest, purposeSystems },
  }));

describe('What an explanation says', function () {
  this.timeout(120_000);

  it('of a change is what the evaluator then decides, and none of it could be left out', () => {
    const sizes = new Map<number, number>();
    fc.assert(
      fc.property(cases, (given) => {
        const { outcome } = decide(given.question, given.consents, given.context);
        const { sets } = findChanges(given, changesOf(given), BUDGET);
        for (const set of sets.slice(0, 20)) {
          sizes.set(set.length, (sizes.get(set.length) ?? 0) + 1);
          const after = (changes: typeof set): string => {
            const changed = changes.reduce((before, change) => change.apply(before), given);
            expect(validateQuestion(changed.question, changed.context.purposeSystems).ok).to.equal(true);
            return decide(changed.question, changed.consents, changed.context).outcome;
          };
          expect(after(set)).to.not.equal(outcome);
          for (const left of set) {
            expect(after(set.filter((one) => one !== left)), left.says).to.equal(outcome);
          }
        }
      }),
      runs,
    );
    expect([...sizes.keys()], 'single changes are compared, and pairs').to.include.members([1, 2]);
  });

  it('of the steps is what the evaluator decides of each part, and of all of them together', () => {
    fc.assert(
      fc.property(cases, (given) => {
        const answer = decide(given.question, given.consents, given.context);
        const parts = trace(given.question, given.consents, given.context);
        const denying = parts.filter(({ outcome }) => outcome === 'deny');
        expect(denying.length > 0 ? 'deny' : 'permit').to.equal(answer.outcome);
        const [first] = (denying.length > 0 ? denying : parts)
          .map(({ reason }) => reasons[reason].rule)
          .sort();
        if (answer.outcome === 'deny') expect(first).to.equal(reasons[answer.reason].rule);
        for (const { consent, outcome, path } of answer.basis) {
          const spoke = parts.some(({ consents }) =>
            consents.some(
              (one) =>
                one.consent === consent &&
                one.says === outcome &&
                (path === undefined || one.provisions.some((step) => step.speaks && step.path === path)),
            ),
          );
          expect(spoke, `${consent} ${outcome}`).to.equal(true);
        }
      }),
      runs,
    );
  });

  it('of a provision that speaks is that it matches, as far as one of its kind has to', () => {
    fc.assert(
      fc.property(cases, (given) => {
        for (const { consents } of trace(given.question, given.consents, given.context)) {
          for (const { provisions, says } of consents) {
            const speaking = provisions.filter(({ speaks }) => speaks);
            expect(speaking.length > 0).to.equal(says !== 'nothing');
            for (const { kind, match } of speaking) {
              expect(kind).to.equal(says);
              expect(match).to.not.equal('no');
              if (kind === 'permit') expect(match).to.equal('yes');
            }
          }
        }
      }),
      runs,
    );
  });
});
