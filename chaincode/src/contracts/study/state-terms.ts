import { isKnownPurpose } from '../../domain/purposes.js';
import { parsePeriod } from '../../domain/time.js';
import { putStudies, readStudies, studyValues } from '../../state/study-state.js';
import type { CommandOf, StudyTerms } from '../../wire/index.js';
import { instantOf } from '../../wire/instant.js';
import { organizationReference } from '../../wire/names.js';
import { statedTerms } from '../../wire/values/studies.js';
import { Refusal } from '../../wire/refusal.js';
import type { Call } from '../call.js';
import type { Parties } from './parties.js';

/**
 * States what a study is at one site, or the next version of it. Protocol versions are only added: what somebody consented to
 * stays what it was. A deadline may be moved.
 *
 * @throws Refusal `study-version-conflict`, `study-terms-refused` with the paths that are wrong
 */
export async function stateTerms(
  call: Call,
  { site, sponsor }: Parties,
  command: CommandOf<'state-terms'>,
): Promise<void> {
  const { stub, caller, at } = call;
  const { salt, pepper, study, version } = command;
  const terms = statedTerms.parse(command);
  const open = await readStudies(stub, site, sponsor);
  const studies = open ?? { site, sponsor, pepper };
  if (open === undefined) putStudies(stub, studies, salt);
  const values = studyValues(stub, studies, salt);
  const existing = await values.get('terms', study);
  if (version !== (existing?.version ?? 0) + 1) throw new Refusal('study-version-conflict');
  const wrong = [...changedProtocols(existing, terms), ...(await notUnderstood(call, terms))];
  if (wrong.length > 0) throw new Refusal('study-terms-refused', wrong);
  const by = caller.mspId;
  values.put('terms', [study], { ...terms, study, version, site, sponsor, at: instantOf(at), by });
}

type Stated = ReturnType<typeof statedTerms.parse>;

function changedProtocols(before: StudyTerms | undefined, { protocols }: Stated): string[] {
  return (before?.protocols ?? []).flatMap((was, index) => {
    const is = protocols[index];
    const isSame =
      is?.version === was.version &&
      is.digest === was.digest &&
      is.from === was.from &&
      is.consent === was.consent;
    return isSame ? [] : [`$.protocols[${index}]`];
  });
}

async function notUnderstood({ publicState }: Call, terms: Stated): Promise<string[]> {
  const { purposes, approval, data, thirdParties } = terms;
  const wrong = purposes.flatMap((purpose, index) =>
    isKnownPurpose(purpose) ? [] : [`$.purposes[${index}]`],
  );
  if ('wrong' in parsePeriod(approval.start, approval.end)) wrong.push('$.approval');
  if (data?.period !== undefined && 'wrong' in parsePeriod(data.period.start, data.period.end))
    wrong.push('$.data.period');
  for (const [index, reference] of thirdParties.entries()) {
    const name = reference.slice(organizationReference('').length);
    const isMember =
      reference === organizationReference(name) && (await publicState.nameHolder(name)) !== undefined;
    if (!isMember) wrong.push(`$.thirdParties[${index}]`);
  }
  return wrong;
}
