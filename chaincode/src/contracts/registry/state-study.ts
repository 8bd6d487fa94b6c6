import type { CommandOf } from '../../wire/index.js';
import { instantOf } from '../../wire/instant.js';
import { STUDIES_KEY } from '../../wire/keys.js';
import { organizationReference, studyCollection } from '../../wire/names.js';
import { Refusal } from '../../wire/refusal.js';
import type { Call } from '../call.js';

/**
 * Publishes a study, or the next version of what is public of it. Its sites must have its terms first: so every peer knows, by a
 * hash, that there is a collection which a decision for the study can read.
 *
 * @throws Refusal `study-version-conflict`, `study-sponsor-fixed`, `study-parties-refused`, `study-terms-missing`
 */
export async function stateStudy(
  { at, caller, publicState, stub }: Call,
  command: CommandOf<'state-study'>,
): Promise<void> {
  const { study, version, sponsor, title, registration, sites, period, status } = command;
  const existing = await publicState.study(study);
  if (existing !== undefined && existing.sponsor !== sponsor) throw new Refusal('study-sponsor-fixed');
  if (version !== (existing?.version ?? 0) + 1) throw new Refusal('study-version-conflict');
  const member = await publicState.member(sponsor);
  if (member?.kind !== 'sponsor') throw new Refusal('study-parties-refused', ['$.sponsor']);
  for (const [index, site] of sites.entries()) {
    const hospital = await publicState.member(site);
    if (hospital?.kind !== 'hospital') throw new Refusal('study-parties-refused', [`$.sites[${index}]`]);
    const hash = await stub.getPrivateDataHash(studyCollection(site, sponsor), STUDIES_KEY);
    if (hash.length === 0) throw new Refusal('study-terms-missing', [`$.sites[${index}]`]);
  }
  publicState.putStudy({
    v: 1,
    study,
    version,
    sponsor,
    organization: organizationReference(member.name),
    title,
    ...(registration === undefined ? {} : { registration }),
    sites,
    period,
    status,
    at: instantOf(at),
    by: caller.mspId,
  });
}
