import type { ReceivedSlips } from '../../usecases/received-slips.js';
import type { HandlersOf } from '../handlers.js';

/** What other members' consents say of this one, as far as their custodians handed it over. */
export function slipHandlers(slips: ReceivedSlips): HandlersOf<'receiveSlip' | 'listSlips' | 'verifySlip'> {
  return {
    receiveSlip: ({ body }) => Promise.resolve({ body: slips.receive(body.slip) }),
    listSlips: ({ query }) => Promise.resolve({ body: slips.list(query) }),
    verifySlip: async ({ params }) => ({ body: await slips.verify(params.id) }),
  };
}
