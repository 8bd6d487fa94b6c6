import type { Projection } from '../../ports/projection.js';
import { listAccessEvents } from '../../usecases/access-log.js';
import type { Members } from '../../usecases/members.js';
import type { HandlersOf } from '../handlers.js';

/** The log of accesses, for those who may read it. */
export function logHandlers(projection: Projection, members: Members): HandlersOf<'listAccessEvents'> {
  return {
    listAccessEvents: ({ query }) => Promise.resolve({ body: listAccessEvents(query, projection, members) }),
  };
}
