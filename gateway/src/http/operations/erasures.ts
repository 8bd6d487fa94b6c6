import type { Erasures } from '../../ports/erasures.js';
import type { CustodyView } from '../../usecases/custody-view.js';
import { findErasure, type Erasing, type ErasureRecorded } from '../../usecases/erasing.js';
import type { Members } from '../../usecases/members.js';
import { Refusal } from '../../usecases/refusal.js';
import type { StudyView } from '../../usecases/study-view.js';
import type { HandlersOf } from '../handlers.js';

/** Erasing, at a custodian. */
export function erasingHandlers(erasing: Erasing): HandlersOf<'eraseSubject'> {
  return {
    eraseSubject: async ({ params: { id: subject }, body }) => {
      const { isNew, ...recorded } = await erasing.erase(subject, body);
      return { status: isNew ? 201 : 200, headers: { Location: locationOf(subject) }, body: recorded };
    },
  };
}

export interface ErasureOptions {
  readonly erasures: Erasures;
  readonly members: Members;
  readonly studies: StudyView;
  /** The custody that a call is about: the own one, or at oversight the one that it names. */
  readonly custodyFor: (custodian: string | undefined) => CustodyView;
}

/** What custodians and oversight tell of an erasure. */
export function erasureHandlers({ custodyFor, ...sources }: ErasureOptions): HandlersOf<'getErasure'> {
  return {
    getErasure: ({ params: { id: subject }, query }) => {
      const body: ErasureRecorded | undefined = findErasure(subject, custodyFor(query.custodian), sources);
      if (body === undefined) throw new Refusal('not-found');
      return Promise.resolve({ body });
    },
  };
}

function locationOf(subject: string): string {
  return `/v1/subjects/${subject}/erasure`;
}
