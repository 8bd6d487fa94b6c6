import {
  decide,
  validateContext,
  validateQuestion,
  type DecisionContext,
  type Question,
} from '@consent-ledger/chaincode/domain';
import { expect } from 'chai';
import fc from 'fast-check';
import { context, filedConsents, purposeSystems, question } from './arbitraries.js';
import { compileAll } from './compile-all.js';
import { expectedAnswer, type Filed } from './reference-evaluator.js';

const runs = Number(process.env['PROPERTY_RUNS'] ?? 2000);

function compare(asked: Question, filed: readonly Filed[], rest: DecisionContext): string {
  expect(validateQuestion(asked, purposeSystems), 'question').to.have.property('ok', true);
  expect(validateContext({ ...rest, purposeSystems }), 'context').to.have.property('ok', true);
  const answer = decide(asked, compileAll(filed), rest);
  const expected = expectedAnswer(asked, filed, rest);
  expect(answer.outcome, 'outcome').to.equal(expected.outcome);
  expect([...expected.reasons], 'reason').to.include(answer.reason);
  if (expected.said.size > 0) {
    expect(
      answer.basis.map(({ consent, outcome }) => `${consent} ${outcome}`),
      'basis',
    ).to.have.members([...expected.said].map((id) => `${id} ${expected.outcome}`));
  } else {
    const said = answer.basis.filter(({ outcome }) => outcome === answer.outcome);
    expect(said, 'basis').to.be.empty;
  }
  const obligations = answer.obligations.map((one) =>
    'at' in one ? `${one.code} ${new Date(one.at).toISOString()}` : one.code,
  );
  expect(obligations, 'obligations').to.have.members([...expected.obligations]);
  return answer.reason;
}

describe('decide, compiled', function () {
  this.timeout(120_000);

  it('answers as a plain reading of the FHIR text does', () => {
    fc.assert(
      fc.property(question, filedConsents, context, (asked, filed, rest) => {
        compare(asked, filed, rest);
      }),
      { numRuns: runs },
    );
  });

  it('is compared on cases that come to every reason', () => {
    const reasons = new Set<string>();
    fc.assert(
      fc.property(question, filedConsents, context, (asked, filed, rest) => {
        reasons.add(compare(asked, filed, rest));
      }),
      { numRuns: 4000, seed: 20_260_101 },
    );
    expect([...reasons]).to.have.members([
      ...['member-not-active', 'not-known', 'legal-basis', 'break-glass', 'break-glass-forbidden'],
      ...['break-glass-incomplete', 'agreement-missing', 'denied-by-consent', 'permitted-by-consent'],
      ...['evidence-insufficient', 'not-covered-by-consent', 'permitted-by-implied-policy'],
      ...['no-consent', 'consent-withdrawn', 'consent-expired'],
    ]);
  });
});
