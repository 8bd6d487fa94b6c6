import type { OpenCustody } from '../../state/index.js';
import { StudyReader } from '../../state/study-state.js';
import type { CommandOf } from '../../wire/index.js';
import { consentsReader } from '../../wire/answer-request.js';
import { instantOf } from '../../wire/instant.js';
import { mayBecome, participationOf } from '../../wire/participation.js';
import { Refusal } from '../../wire/refusal.js';
import type { Call } from '../call.js';
import { requireSubject } from './register-subject.js';

/**
 * Notes what the site says of a participation. Whether somebody consents is not the site's to say: that is in their consents, and
 * nobody can be active without one in force.
 *
 * @throws Refusal `study-unknown`, `subject-unknown`, `participation-status-refused`
 */
export async function enrol(
  { at, publicState, stub }: Call,
  open: OpenCustody,
  { study, subject, status }: CommandOf<'enrol'>,
): Promise<void> {
  const { custody, values, withdrawals } = open;
  await requireSubject(open, subject);
  const registered = await new StudyReader(stub, publicState, custody.custodian).get(study);
  if (registered === undefined) throw new Refusal('study-unknown');
  const enrolment = await values.get('enrolment', study, subject);
  const standing = participationOf({
    study,
    enrolment,
    consents: await consentsReader(open)(subject),
    withdrawals: await withdrawals.get('withdrawal', subject),
    terms: registered.terms,
    at,
  });
  // The same again is no error: whoever says it may not have seen the outcome.
  if (enrolment?.status === status && standing?.status !== 'withdrawn') return;
  if (!mayBecome(standing?.status, status)) throw new Refusal('participation-status-refused');
  values.put('enrolment', [study, subject], { study, subject, status, at: instantOf(at) });
}
