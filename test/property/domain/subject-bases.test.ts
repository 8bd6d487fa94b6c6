import {
  decide,
  type DecisionContext,
  type LegalBasis,
  type Question,
} from '@consent-ledger/chaincode/domain';
import {
  isSubjectBasis,
  patientReference,
  policies as policiesSchema,
  subjectBases,
  type Policies,
} from '@consent-ledger/chaincode/wire';
import { expect } from 'chai';
import fc from 'fast-check';
import { context, filedConsents, question } from './arbitraries.js';
import { compileAll } from './compile-all.js';
import { expectedAnswer } from './reference-evaluator.js';

const runs = { numRuns: Number(process.env['PROPERTY_RUNS'] ?? 1000) };
const SUBJECTS = ['1', '2'];

/** Legal bases that are each about one patient, under ids that two patients may share. */
const bases: fc.Arbitrary<LegalBasis[]> = fc
  .array(
    fc.tuple(
      context.map(({ legalBases = [] }) => legalBases).filter((list) => list.length > 0),
      fc.constantFrom(...SUBJECTS),
      fc.constantFrom('private.1', 'private.2'),
    ),
    { minLength: 1, maxLength: 4 },
  )
  .map((all) => {
    const found = new Map<string, LegalBasis>();
    for (const [[basis], subject, id] of all)
      if (basis !== undefined)
        found.set(`${subject} ${id}`, { ...basis, id, subject: patientReference(subject) });
    return [...found.values()];
  });

/** As the ledger has them: in the value of what each patient consents to, which goes through its schema. */
function policiesOf(subject: string, all: readonly LegalBasis[]): Policies {
  const mine = all.filter((one) => one.subject === patientReference(subject));
  return policiesSchema.parse({
    v: 1,
    salt: Buffer.alloc(16).toString('base64url'),
    subject,
    consents: [],
    legalBases: mine.map(({ id, requester, purposes, labels, cites = [], period, status }) => ({
      basis: id,
      version: 1,
      organization: requester,
      purposes,
      ...(labels === undefined ? {} : { labels }),
      cites: cites.length === 0 ? ['an order'] : cites,
      period: { end: '2100', ...period },
      status,
    })),
  });
}

const askedFor: fc.Arbitrary<Question> = fc
  .tuple(
    question,
    fc.constantFrom('private.1', 'private.2', 'private.none'),
    fc.subarray(SUBJECTS, { minLength: 1 }),
  )
  .map(([asked, legalBasis, subjects]) => ({
    ...asked,
    legalBasis,
    subjects: subjects.map(patientReference),
  }));

describe('Legal bases about one patient, as the ledger has them', function () {
  this.timeout(120_000);

  it('decide as all of them would, written into the context, by the plain evaluator', () => {
    let permitted = 0;
    fc.assert(
      fc.property(askedFor, filedConsents, context, bases, (asked, filed, rest, all) => {
        const held = new Map(
          SUBJECTS.map((subject) => [patientReference(subject), policiesOf(subject, all)]),
        );
        const about = (asked.subjects ?? []).map((subject) => [subject, held.get(subject)] as const);
        const known: DecisionContext = {
          ...rest,
          legalBases: subjectBases(
            asked.legalBasis,
            about.map(([, value]) => [value?.subject ?? '', value] as const),
          ),
        };
        const everything: DecisionContext = {
          ...rest,
          legalBases: [...held.values()].flatMap((value) =>
            (value.legalBases ?? []).map(({ basis: id, organization: requester, ...terms }) => ({
              ...terms,
              id,
              requester,
              subject: patientReference(value.subject),
            })),
          ),
        };
        const answer = decide(asked, compileAll(filed), known);
        const expected = expectedAnswer(asked, filed, everything);
        expect(answer.outcome).to.equal(expected.outcome);
        expect([...expected.reasons]).to.include(answer.reason);
        if (answer.reason === 'legal-basis') permitted += 1;
      }),
      { ...runs, seed: 20_261_124 },
    );
    expect(permitted, 'cases in which one of them decides').to.be.greaterThan(0);
  });

  it('are never what a question means that names a general one, or none', () => {
    fc.assert(
      fc.property(
        bases,
        fc.option(fc.stringMatching(/^[a-z0-9-]{1,20}$/), { nil: undefined }),
        (all, named) => {
          const about = SUBJECTS.map((subject) => [subject, policiesOf(subject, all)] as const);
          expect(subjectBases(named, about)).to.deep.equal([]);
          expect(isSubjectBasis(named ?? '')).to.equal(false);
        },
      ),
      { ...runs, seed: 20_261_124 },
    );
  });
});
