import { decide, type PolicyInForce } from '@consent-ledger/chaincode/domain';
import { patientReference } from '@consent-ledger/chaincode/wire';
import type { CheckQuestion } from '@consent-ledger/chaincode/wire/http';
import { MEMBERS, PRACTITIONERS, PURPOSES, type CheckedPerson } from './check-population.js';
import { pickerFor } from './picker.js';

/** Questions about people picked evenly, half about records that are held, half about stated facts. */
export function questionMaker(people: readonly CheckedPerson[], seed = 1): () => CheckQuestion {
  const pick = pickerFor(seed);
  return () => {
    const person = pick(people);
    const about = pick([
      { record: person.record },
      { subject: person.subject, facts: { resourceType: 'Observation', labels: [pick(['N', 'R'])] } },
    ]);
    return {
      requester: {
        member: `Organization/${pick(MEMBERS)}`,
        references: [`Practitioner/${pick(PRACTITIONERS)}`],
        roles: ['practitioner'],
      },
      purpose: [pick(PURPOSES)],
      ...about,
    };
  };
}

/** The questions of one call: several about each of so many people, as somebody asks who prepares a ward's records for another house. */
export function callMaker(
  people: readonly CheckedPerson[],
  questions: number,
  about: number,
): () => readonly CheckQuestion[] {
  const pick = pickerFor(questions);
  let calls = 0;
  return () => {
    calls += 1;
    const questionOf = questionMaker(
      Array.from({ length: about }, () => pick(people)),
      calls,
    );
    return Array.from({ length: questions }, questionOf);
  };
}

/** The reasons that the evaluator gives, from the policies themselves. */
export function expectedOutcomes(
  questions: readonly CheckQuestion[],
  people: readonly CheckedPerson[],
): string[] {
  const byName = new Map(
    people.flatMap((person) => [person.subject, person.record].map((name) => [name, person])),
  );
  return questions.map(({ requester, purpose, record, subject, facts }) => {
    const person = byName.get(record ?? subject ?? '');
    if (person === undefined) throw new RangeError('a question about nobody');
    const held = person.policies.map((policy): PolicyInForce => ({
      policy,
      evidence: 'witnessed',
      version: 1,
    }));
    const question = {
      at: new Date().toISOString(),
      custodian: 'Organization/riverside',
      requester: {
        member: requester.member,
        references: requester.references ?? [],
        roles: requester.roles ?? [],
      },
      purpose,
      actions:
        requester.member === 'Organization/riverside'
          ? (['access'] as const)
          : (['access', 'disclose'] as const),
      subjects: [patientReference(person.subject)],
      record:
        record === undefined
          ? { labels: facts?.labels ?? [], resourceType: facts?.resourceType ?? '' }
          : person.facts,
    };
    return decide(question, held, {}).reason;
  });
}
