import {
  decide,
  type CompiledProvision,
  type PolicyInForce,
  type Question,
} from '@consent-ledger/chaincode/domain';
import { expect } from 'chai';
import fc from 'fast-check';
import { context, filedConsents, question } from './arbitraries.js';
import { compileAll } from './compile-all.js';
import type { FhirConsent } from './fhir-consent.js';
import type { Filed } from './reference-evaluator.js';

const runs = { numRuns: Number(process.env['PROPERTY_RUNS'] ?? 1000) };

/** Whose record it is does not hang on which consents are given. */
const aboutOne = question.map((asked): Question => ({ ...asked, subjects: ['Patient/1'] }));

/** Consents and one more, which names nothing that it supersedes and which no other names. */
const withOneMore = fc
  .tuple(filedConsents, filedConsents)
  .filter(([, [more]]) => more !== undefined)
  .map(([filed, [more]]): readonly [readonly Filed[], Filed] => {
    if (more === undefined) throw new Error('filtered out above');
    return [filed, { ...more, fhir: renamed(more.fhir) }];
  });

/** The same text under another id, superseding nothing. */
function renamed(fhir: FhirConsent): FhirConsent {
  const rest = Object.entries(fhir).filter(([key]) => key !== 'extension');
  return { ...(Object.fromEntries(rest) as unknown as FhirConsent), id: 'more' };
}

/** The same consent with every provision, and the base, of one kind. */
function only(kind: 'permit' | 'deny', held: PolicyInForce): PolicyInForce {
  const turned = (provisions: readonly CompiledProvision[]): CompiledProvision[] =>
    provisions.map((one) => ({ ...one, kind, exceptions: turned(one.exceptions) }));
  const { policy } = held;
  return { ...held, policy: { ...policy, base: kind, exceptions: turned(policy.exceptions) } };
}

const compileOne = (filed: Filed): PolicyInForce => {
  const [one] = compileAll([filed]);
  if (one === undefined) throw new Error('one consent compiles to one policy');
  return one;
};

describe('What must hold of decisions', function () {
  this.timeout(120_000);

  it('the order in which consents are given never matters', () => {
    const shuffled = filedConsents.chain((filed) =>
      fc.tuple(
        fc.constant(filed),
        fc.shuffledSubarray([...filed], { minLength: filed.length, maxLength: filed.length }),
      ),
    );
    fc.assert(
      fc.property(question, shuffled, context, (asked, [filed, other], rest) => {
        expect(decide(asked, compileAll(other), rest)).to.deep.equal(decide(asked, compileAll(filed), rest));
      }),
      runs,
    );
  });

  it('a further consent that permits nothing and supersedes nothing never turns a deny into a permit', () => {
    fc.assert(
      fc.property(aboutOne, withOneMore, context, (asked, [filed, more], rest) => {
        const further = only('deny', compileOne(more));
        const before = compileAll(filed);
        if (decide(asked, [...before, further], rest).outcome === 'permit') {
          expect(decide(asked, before, rest).outcome).to.equal('permit');
        }
      }),
      runs,
    );
  });

  // A permit without the evidence that its purpose needs replaces the implied policy as any other grant does.
  it('a further consent that denies nothing turns a permit into a deny only by replacing the implied policy', () => {
    fc.assert(
      fc.property(aboutOne, withOneMore, context, (asked, [filed, more], rest) => {
        const further = only('permit', compileOne(more));
        const before = compileAll(filed);
        const { outcome, reason } = decide(asked, before, rest);
        if (outcome === 'deny') return;
        const after = decide(asked, [...before, further], rest);
        if (after.outcome === 'permit') return;
        expect(after.reason).to.be.oneOf(['not-covered-by-consent', 'evidence-insufficient']);
        if (asked.purpose.length === 1) expect(reason).to.equal('permitted-by-implied-policy');
      }),
      runs,
    );
  });

  it('removing what is known about record or requester never turns a deny into a permit', () => {
    const forgetful = aboutOne.chain((asked) =>
      fc
        .record({
          record: fc.subarray(Object.keys(asked.record ?? {}).filter((key) => key !== 'reference')),
          requester: fc.subarray(Object.keys(asked.requester).filter((key) => key !== 'member')),
          custodian: fc.boolean(),
        })
        .map((forgotten) => [asked, forget(asked, forgotten)] as const),
    );
    fc.assert(
      fc.property(forgetful, filedConsents, context, ([asked, less], filed, rest) => {
        const consents = compileAll(filed);
        if (decide(less, consents, rest).outcome === 'permit') {
          expect(decide(asked, consents, rest).outcome).to.equal('permit');
        }
      }),
      runs,
    );
  });

  it('a further purpose, action or subject never turns a deny into a permit', () => {
    const wider = fc.tuple(question, question).map(([asked, other]) => {
      const subjects = asked.subjects ?? ['Patient/1'];
      return [
        { ...asked, subjects },
        {
          ...asked,
          purpose: [...asked.purpose, ...other.purpose],
          actions: [...(asked.actions ?? ['access' as const]), ...(other.actions ?? [])],
          subjects: [...subjects, ...(other.subjects ?? [])],
        },
      ] as const;
    });
    fc.assert(
      fc.property(wider, filedConsents, context, ([asked, more], filed, rest) => {
        const consents = compileAll(filed);
        if (decide(more, consents, rest).outcome === 'permit') {
          expect(decide(asked, consents, rest).outcome).to.equal('permit');
        }
      }),
      runs,
    );
  });

  it('a consent out of its period, not active or of another subject never changes an outcome', () => {
    fc.assert(
      fc.property(aboutOne, withOneMore, context, (asked, [filed, more], rest) => {
        const { policy, ...held } = compileOne(more);
        const before = compileAll(filed);
        const { outcome } = decide(asked, before, rest);
        const beside = [
          { ...held, policy: { ...policy, status: 'inactive' } },
          { ...held, policy: { ...policy, status: 'draft' } },
          { ...held, policy: { ...policy, period: { until: Date.parse(asked.at) } } },
          { ...held, policy: { ...policy, period: { from: Date.parse(asked.at) + 1 } } },
          { ...held, policy, withdrawnAt: Date.parse(asked.at) },
          { ...held, policy: { ...policy, subject: 'Patient/other' } },
        ];
        for (const one of beside) expect(decide(asked, [...before, one], rest).outcome).to.equal(outcome);
      }),
      runs,
    );
  });
});

function forget(
  asked: Question,
  forgotten: { readonly record: string[]; readonly requester: string[]; readonly custodian: boolean },
): Question {
  const without = (from: object, keys: readonly string[]): object =>
    Object.fromEntries(Object.entries(from).filter(([key]) => !keys.includes(key)));
  const { custodian, ...rest } = asked;
  return {
    ...rest,
    ...(custodian === undefined || forgotten.custodian ? {} : { custodian }),
    requester: without(asked.requester, forgotten.requester) as Question['requester'],
    ...(asked.record === undefined ? {} : { record: without(asked.record, forgotten.record) }),
  };
}
