import { z } from 'zod';
import { digest, eventKey, jti, mspId } from './primitives.js';
import { eventRecord, refusedRequest } from './values/events.js';

const authenticLook = z.strictObject({
  request: digest,
  requester: mspId,
  jti,
  /** Key that the event has or would have. */
  event: eventKey,
  /** Whether the event is there already: then a new decision of the same request is refused as replayed. */
  logged: z.boolean(),
  records: z.array(eventRecord),
});

/** Answer to the query `look`, in the order of the requests. Nothing of it leaves the custodian. */
export const lookAnswer = z.strictObject({
  v: z.literal(1),
  results: z.array(z.union([authenticLook, refusedRequest])),
});
export type LookAnswer = z.infer<typeof lookAnswer>;
export type AuthenticLook = z.infer<typeof authenticLook>;
