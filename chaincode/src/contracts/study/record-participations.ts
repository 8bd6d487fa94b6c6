import { bytesOf, openCustody } from '../../state/custody-state.js';
import type { CommandOf } from '../../wire/index.js';
import { consentsReader } from '../../wire/answer-request.js';
import { instantOf } from '../../wire/instant.js';
import { studyPerson } from '../../wire/keys.js';
import { isAsTold, participationOf } from '../../wire/participation.js';
import { Refusal } from '../../wire/refusal.js';
import type { Call } from '../call.js';
import { openStudies, type Parties } from './parties.js';

/**
 * Makes what the sponsor may know of participations follow from what the site's custody holds. Nobody states it: every endorser
 * works it out from consents, withdrawals and enrolments, which it reads by their keys, so what is written is what holds at that
 * place in the history. What has not changed is not written again.
 *
 * @throws Refusal `study-unknown`, `subject-unknown`
 */
export async function recordParticipations(
  call: Call,
  parties: Parties,
  { salt, study, subjects }: CommandOf<'record-participations'>,
): Promise<void> {
  const { at, publicState, stub } = call;
  const { site, sponsor } = parties;
  const registered = await publicState.study(study);
  const { values: own } = await openStudies(call, parties, salt);
  const terms = await own.get('terms', study);
  if (registered?.sponsor !== sponsor || terms === undefined) throw new Refusal('study-unknown');
  const { custody, values, withdrawals } = await openCustody(stub, site);
  await values.readAhead(
    subjects.flatMap((subject) => [values.key('policies', subject), values.key('enrolment', study, subject)]),
  );
  await withdrawals.readAhead(subjects.map((subject) => withdrawals.key('withdrawal', subject)));
  const pepper = bytesOf(custody.pepper);
  const persons = subjects.map((subject) => studyPerson(pepper, study, subject));
  await own.readAhead(persons.map((person) => own.key('participation', study, person)));
  const consentsOf = consentsReader({ values, withdrawals });

  for (const [index, subject] of subjects.entries()) {
    const person = persons[index] ?? '';
    const consents = await consentsOf(subject);
    if (consents === undefined) throw new Refusal('subject-unknown');
    const derived = participationOf({
      study,
      enrolment: await values.get('enrolment', study, subject),
      consents,
      withdrawals: await withdrawals.get('withdrawal', subject),
      terms,
      at,
    });
    const before = await own.get('participation', study, person);
    if (derived === undefined || isAsTold(before, derived)) continue;
    const version = (before?.version ?? 0) + 1;
    const who = { study, site, sponsor, person };
    own.put('participation', [study, person], {
      ...who,
      version,
      ...derived,
      choices: [...derived.choices],
      collected: [...derived.collected],
      at: instantOf(at),
    });
  }
}
