import type { PublicJwk } from '@consent-ledger/chaincode/wire';
import { listNotifications, replaceContacts, type ContactsOptions } from '../../usecases/contacts.js';
import type { HandlersOf } from '../handlers.js';

/** Where subjects are told, and what they were told. */
export function notificationHandlers(
  options: ContactsOptions,
  /** There is a message to bring. */
  look: () => void,
): HandlersOf<'putContacts' | 'listNotifications'> {
  return {
    putContacts: async ({ params: { id: subject }, body }) => {
      const channels = await replaceContacts(subject, body, options);
      look();
      return { body: { subject, channels } };
    },
    listNotifications: ({ params }) => Promise.resolve({ body: listNotifications(params.id, options) }),
  };
}

/** What this member signs with, for those who get its webhooks. */
export function signingKeyHandlers(signing: {
  readonly kid: string;
  readonly jwk: PublicJwk;
}): HandlersOf<'signingKeys'> {
  const { kid, jwk } = signing;
  return {
    signingKeys: () => Promise.resolve({ body: { keys: [{ ...jwk, kid, use: 'sig', alg: 'ES256' }] } }),
  };
}
