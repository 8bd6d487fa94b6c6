import type { CustodyView } from '../../usecases/custody-view.js';
import {
  listEmergencies,
  reviewEmergency,
  type EmergencyReviewsOptions,
} from '../../usecases/emergency-reviews.js';
import { createPseudonyms } from '../../usecases/request-object.js';
import { listUnsettled, type UnsettledPermitsOptions } from '../../usecases/unsettled-permits.js';
import type { HandlersOf } from '../handlers.js';

export interface FollowUpHandlerOptions extends EmergencyReviewsOptions, UnsettledPermitsOptions {
  readonly pseudonymKey: Uint8Array;
  readonly custodyFor: (custodian: string | undefined) => CustodyView;
}

/** What somebody has to look after once records have left. */
export function followUpHandlers(
  options: FollowUpHandlerOptions,
): HandlersOf<'listEmergencies' | 'reviewEmergency' | 'listUnsettled'> {
  const pseudonymOf = createPseudonyms(options.pseudonymKey);
  return {
    listEmergencies: ({ query }) => Promise.resolve({ body: listEmergencies(query, options) }),
    reviewEmergency: async ({ params, query, body: { finding }, user }) => {
      const event = `event/${params.id}`;
      const reviewer = pseudonymOf(user.subject);
      const custody = options.custodyFor(query.custodian);
      const { transaction, block } = await reviewEmergency({ event, reviewer, finding }, custody, options);
      return { body: { event, finding, transaction, block } };
    },
    listUnsettled: ({ query }) => Promise.resolve({ body: listUnsettled(query, options) }),
  };
}
