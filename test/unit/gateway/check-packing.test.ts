import { expect } from 'chai';
import fc from 'fast-check';
import { packChecks, unpackChecks } from '@consent-ledger/gateway/internal/adapters/sqlite/check-packing';

const text = fc.oneof(
  fc.constantFrom('permit', 'deny', 'TREAT', '', '-1', '0'),
  fc.string({ unit: 'binary' }),
);
const question = fc.record({
  subjects: fc.array(text, { maxLength: 4 }),
  record: fc.option(text, { nil: undefined }),
  requester: text,
  purpose: fc.array(text, { maxLength: 4 }),
  outcome: fc.constantFrom('permit' as const, 'deny' as const),
  reason: text,
});

describe('The questions of a call, packed for the log', () => {
  it('come out as they went in, in their order', () => {
    fc.assert(
      fc.property(fc.array(question, { maxLength: 20 }), (checks) => {
        const expected = checks.map(({ record, ...rest }) => ({
          ...rest,
          ...(record === undefined ? {} : { record }),
        }));
        expect(unpackChecks(packChecks(checks))).to.deep.equal(expected);
      }),
    );
  });

  it('take a fraction of the bytes where they name the same people over and over', () => {
    const checks = Array.from({ length: 500 }, (_, index) => ({
      subjects: [`${index % 100}`.padStart(32, 's')],
      record: index % 2 === 0 ? `record-${index % 100}` : undefined,
      requester: 'Organization/lakeside',
      purpose: ['TREAT'],
      outcome: 'permit' as const,
      reason: 'permitted-by-consent',
    }));
    expect(packChecks(checks).length).to.be.lessThan(JSON.stringify(checks).length / 5);
  });

  it('are never read as something else where a row is damaged', () => {
    for (const damaged of [
      '{"texts":["a"],"rows":[1]}',
      '{"texts":["a"],"rows":[1,7,-1,0,1,0,0,0]}',
      '[]',
      '{',
    ])
      expect(() => unpackChecks(damaged), damaged).to.throw();
  });
});
