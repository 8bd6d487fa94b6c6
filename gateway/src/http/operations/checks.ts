import type { Checks } from '../../usecases/checks.js';
import { createPseudonyms } from '../../usecases/request-object.js';
import type { HandlersOf } from '../handlers.js';

/** What would be decided, for a custodian's own staff. */
export function checkHandlers(checks: Checks, pseudonymKey: Uint8Array): HandlersOf<'check' | 'listChecks'> {
  const pseudonymFor = createPseudonyms(pseudonymKey);
  return {
    check: async ({ body, user }) => ({
      body: await checks.check(body.questions, pseudonymFor(user.subject)),
    }),
    listChecks: ({ query }) => Promise.resolve({ body: checks.list(query) }),
  };
}
