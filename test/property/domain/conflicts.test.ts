import {
  conflicts,
  decide,
  validateQuestion,
  type PolicyInForce,
  type Question,
} from '@consent-ledger/chaincode/domain';
import { expect } from 'chai';
import fc from 'fast-check';
import { filedConsents, purposeSystems, question } from './arbitraries.js';
import { compileAll } from './compile-all.js';

const runs = { numRuns: Number(process.env['PROPERTY_RUNS'] ?? 300) };

/** One consent that is being filed, and those that are on file, all of one subject. */
const filing = filedConsents
  .filter((filed) => filed.length > 1)
  .map((filed): readonly [PolicyInForce, readonly PolicyInForce[]] => {
    const [mine, ...others] = compileAll(filed).map(({ evidence, version, policy }) => ({
      evidence,
      version,
      policy: { ...policy, subject: 'Patient/1' },
    }));
    if (mine === undefined) throw new Error('filtered out above');
    // What is on file cannot name what is only being filed.
    const onFile = others.map((held) => ({
      ...held,
      policy: {
        ...held.policy,
        supersedes: held.policy.supersedes.filter((id) => id !== mine.policy.id),
      },
    }));
    return [mine, onFile];
  });
const aboutOne = question.map((asked): Question => ({ ...asked, subjects: ['Patient/1'] }));

describe('Conflicts at filing', function () {
  this.timeout(120_000);

  it('come with a question on which the two consents differ', () => {
    fc.assert(
      fc.property(filing, aboutOne, ([mine, others], { at }) => {
        for (const { permit, deny, question: asked } of conflicts(mine.policy, others, Date.parse(at))) {
          expect(validateQuestion(asked, purposeSystems)).to.have.property('ok', true);
          const alone = decide(asked, [mine], {});
          expect(alone.reason).to.equal('permitted-by-consent');
          expect(alone.basis.map(({ path }) => path)).to.deep.equal([permit]);
          const together = decide(asked, [mine, ...others], {});
          expect(together.reason).to.equal('denied-by-consent');
          expect(together.basis.map(({ consent, path }) => `${consent} ${path ?? ''}`)).to.include(
            `${deny.consent} ${deny.path}`,
          );
        }
      }),
      runs,
    );
  });

  it('are found where one question shows that there is one', () => {
    // Base and exceptions; what deeper exceptions leave of each other is searched for, but not exhaustively.
    const shallow = ({ policy, ...held }: PolicyInForce): PolicyInForce => ({
      ...held,
      policy: {
        ...policy,
        exceptions: policy.exceptions
          .filter(({ kind }) => kind !== policy.base)
          .slice(0, 1)
          .map((provision) => ({ ...provision, exceptions: [] })),
      },
    });
    fc.assert(
      fc.property(filing, aboutOne, ([one, [another]], asked) => {
        if (another === undefined) throw new Error('two or more are filed');
        const [mine, other] = [shallow(one), shallow(another)];
        fc.pre(decide(asked, [mine], {}).reason === 'permitted-by-consent');
        fc.pre(decide(asked, [mine, other], {}).reason === 'denied-by-consent');
        const found = conflicts(mine.policy, [other], Date.parse(asked.at));
        expect(found.map(({ deny }) => deny.consent)).to.include(other.policy.id);
      }),
      { numRuns: runs.numRuns / 4, maxSkipsPerRun: 10_000 },
    );
  });

  it('are none for a consent that permits nothing, or beside consents that deny nothing', () => {
    fc.assert(
      fc.property(filing, aboutOne, ([mine, others], asked) => {
        const refusal = { ...mine.policy, base: 'deny' as const, exceptions: [] };
        expect(conflicts(refusal, others, Date.parse(asked.at))).to.deep.equal([]);
        const grants = others.map((held) => ({
          ...held,
          policy: { ...held.policy, base: 'permit' as const, exceptions: [] },
        }));
        expect(conflicts(mine.policy, grants, Date.parse(asked.at))).to.deep.equal([]);
      }),
      runs,
    );
  });
});
