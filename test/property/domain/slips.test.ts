import {
  decide,
  policyFor,
  type CompiledPolicy,
  type CompiledProvision,
  type PolicyInForce,
} from '@consent-ledger/chaincode/domain';
import { expect } from 'chai';
import fc from 'fast-check';
import { context, filedConsents, question } from './arbitraries.js';
import { compileAll } from './compile-all.js';

const runs = { numRuns: Number(process.env['PROPERTY_RUNS'] ?? 1000) };

const SUBJECT = 'Patient/1';
/** What the subject is called towards the one member that reads. */
const PERSON = 'Patient/p-7';

/** One subject's consents, in which one that is else a practitioner is that subject: people are named in their own consents. */
const consentsOfSubject = filedConsents.map((filed) =>
  compileAll(changed(filed, 'PractitionerRole/3', SUBJECT)).filter(
    ({ policy }) => policy.subject === SUBJECT,
  ),
);
const aboutThem = question.map((asked) => changed(asked, 'PractitionerRole/3', SUBJECT));

describe('A slip', function () {
  this.timeout(120_000);

  it('says to every request of its member what the whole consent says', () => {
    fc.assert(
      fc.property(aboutThem, consentsOfSubject, context, (asked, consents, rest) => {
        for (const whole of consents) {
          const slip = cutDown(whole, asked.requester.member, []);
          const answer = decide(asked, [superseding(whole, [])], rest);
          expect(decide(renamed(asked), [slip], renamed(rest))).to.deep.equal(answer);
        }
      }),
      runs,
    );
  });

  it('with the others that its member has says what all of them say', () => {
    fc.assert(
      fc.property(aboutThem, consentsOfSubject, context, (asked, consents, rest) => {
        const known = consents.map(({ policy }) => policy.id);
        const slips = consents.map((whole) => cutDown(whole, asked.requester.member, known));
        expect(decide(renamed(asked), slips, renamed(rest))).to.deep.equal(decide(asked, consents, rest));
      }),
      runs,
    );
  });

  it('names no other recipient among the members, no consent that its member does not know, and never the subject', () => {
    fc.assert(
      fc.property(
        fc.constantFrom('Organization/a', 'Organization/b'),
        consentsOfSubject,
        (member, consents) => {
          for (const whole of consents) {
            const { policy } = cutDown(whole, member, ['c0']);
            expect(recipientsOf(policy).filter((one) => one !== member)).to.deep.equal([]);
            expect(policy.supersedes.filter((id) => id !== 'c0')).to.deep.equal([]);
            expect(JSON.stringify(policy)).not.to.contain(`"${SUBJECT}"`);
          }
        },
      ),
      runs,
    );
  });
});

/** As it is stored and read by its member. */
function cutDown(whole: PolicyInForce, organization: string, known: readonly string[]): PolicyInForce {
  const policy = policyFor(whole.policy, { organization, subject: PERSON, known });
  return { ...whole, policy: JSON.parse(JSON.stringify(policy)) as CompiledPolicy };
}

function superseding(whole: PolicyInForce, supersedes: readonly string[]): PolicyInForce {
  return { ...whole, policy: { ...whole.policy, supersedes } };
}

function recipientsOf({ coverage, exceptions }: CompiledPolicy): readonly string[] {
  const inside = (provisions: readonly CompiledProvision[]): CompiledProvision['criteria'][] =>
    provisions.flatMap((one) => [one.criteria, ...inside(one.exceptions)]);
  return [coverage, ...inside(exceptions)].flatMap(({ actor }) => actor?.recipients?.organizations ?? []);
}

function renamed<Value>(value: Value): Value {
  return changed(value, SUBJECT, PERSON);
}

/** The same value with one reference for another, wherever it stands, in any version. */
function changed<Value>(value: Value, from: string, to: string): Value {
  return JSON.parse(
    JSON.stringify(value, (_key, one: unknown) =>
      typeof one === 'string' && (one === from || one.startsWith(`${from}/_history/`))
        ? one.replace(from, to)
        : one,
    ),
  ) as Value;
}
