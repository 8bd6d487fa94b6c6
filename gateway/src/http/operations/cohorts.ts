import { COHORT_MEDIA_TYPE } from '@consent-ledger/chaincode/wire/http';
import { takeCohort, type CohortAsked, type TakeCohortOptions } from '../../usecases/cohort/take-cohort.js';
import type { Members } from '../../usecases/members.js';
import { Refusal } from '../../usecases/refusal.js';
import type { StudyView } from '../../usecases/study-view.js';
import type { Call, HandlersOf } from '../handlers.js';
import { pump } from './ask.js';
import { requireKnown } from './records.js';
import { requireDays } from './searches.js';

export interface CohortHandlerOptions extends TakeCohortOptions {
  readonly members: Members;
  readonly studies: StudyView;
}

/** A sponsor's researchers take what participants let out. */
export function cohortHandlers(options: CohortHandlerOptions): HandlersOf<'takeCohort'> {
  return {
    takeCohort: async ({ params, body, user, signal, response }) => {
      requireKnown(body.purpose, '$.purpose', undefined);
      const lines = takeCohort(askedOf(params.id, body, options), user, signal, options);
      // What fails before anything came is told as a problem; afterwards the answer breaks off.
      const first = await lines.next();
      response.status(200).set({ 'Content-Type': COHORT_MEDIA_TYPE, 'Cache-Control': 'no-store' });
      await pump(texts(first, lines), response);
      response.end();
      return undefined;
    },
  };
}

function askedOf(
  study: string,
  { site, participant, purpose, authored, ...filter }: Call<'takeCohort'>['body'],
  { members, studies, trials, own }: CohortHandlerOptions,
): CohortAsked {
  const custodian = members.byReference(site);
  const registered = studies.study(study);
  if (registered?.sponsor !== own) throw new Refusal('study-unknown');
  if (custodian?.kind !== 'hospital' || !registered.sites.includes(custodian.mspId))
    throw new Refusal('custodian-unknown');
  const mspId = custodian.mspId;
  if (participant !== undefined && trials.find(study, participant)?.site !== mspId)
    throw new Refusal('participation-unknown');
  requireDays(authored);
  return {
    study,
    site: mspId,
    purpose: [...new Set(purpose)],
    person: participant,
    filter: JSON.parse(JSON.stringify({ ...filter, authored })) as CohortAsked['filter'],
  };
}

async function* texts(
  first: IteratorResult<object, unknown>,
  rest: AsyncGenerator<object>,
): AsyncGenerator<Uint8Array> {
  try {
    for (let next = first; next.done !== true; next = await rest.next())
      yield Buffer.from(`${JSON.stringify(next.value)}\n`);
  } finally {
    await rest.return(undefined);
  }
}
