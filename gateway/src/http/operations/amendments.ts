import type { Role } from '@consent-ledger/chaincode/wire/http';
import type { SealedTextStore } from '../../ports/sealed-texts.js';
import {
  listAmendments,
  listRecipients,
  showAmendment,
  type AmendmentViewOptions,
} from '../../usecases/amendments/amendment-view.js';
import type { AmendmentSteps, StepDone } from '../../usecases/amendments/amendment-steps.js';
import type { CustodyView } from '../../usecases/custody-view.js';
import { pseudonymOf } from '../../usecases/request-object.js';
import type { HandlersOf, Reply } from '../handlers.js';

/** What custodians and oversight read of amendments. */
export function amendmentHandlers(
  options: AmendmentViewOptions & {
    readonly custodyFor: (custodian: string | undefined) => CustodyView;
    /** At the custodian that keeps them. */
    readonly texts: SealedTextStore | undefined;
  },
): HandlersOf<'listAmendments' | 'getAmendment' | 'listAmendmentRecipients'> {
  return {
    listAmendments: ({ query }) => Promise.resolve({ body: listAmendments(query, options) }),
    getAmendment: async ({ params, query, user }) => {
      const texts = TEXT_READERS.some((role) => user.roles.includes(role)) ? options.texts : undefined;
      const custody = options.custodyFor(query.custodian);
      return { body: await showAmendment(params.id, custody, texts, options) };
    },
    listAmendmentRecipients: ({ params, query: { custodian, ...page } }) =>
      Promise.resolve({ body: listRecipients(params.id, page, options.custodyFor(custodian), options) }),
  };
}

/** What somebody wrote is for those who wrote it and who answer it; an auditor sees that it was written. */
const TEXT_READERS = [
  'privacy-officer',
  'consent-clerk',
  'consent-portal',
] as const satisfies readonly Role[];

/** What a custodian does with them. */
export function amendmentStepHandlers(
  steps: AmendmentSteps,
  pseudonymKey: Uint8Array,
): HandlersOf<
  | 'requestAmendment'
  | 'extendAmendment'
  | 'answerAmendment'
  | 'disagreeWithAmendment'
  | 'rebutAmendment'
  | 'tellOfAmendment'
> {
  return {
    requestAmendment: async ({ body, user }) => {
      const done = await steps.request(body, pseudonymOf(user.subject, pseudonymKey));
      const headers = { Location: `/v1/amendments/${done.amendment.amendment}` };
      return { ...replyOf(done), status: 201, headers };
    },
    extendAmendment: async ({ params, body }) => replyOf(await steps.extend(params.id, body.text)),
    answerAmendment: async ({ params, body, user }) =>
      replyOf(await steps.answer(params.id, body, pseudonymOf(user.subject, pseudonymKey))),
    disagreeWithAmendment: async ({ params, body }) => replyOf(await steps.disagree(params.id, body.text)),
    rebutAmendment: async ({ params, body }) => replyOf(await steps.rebut(params.id, body.text)),
    tellOfAmendment: async ({ params, body }) => replyOf(await steps.tell(params.id, body.events)),
  };
}

function replyOf({ amendment: { amendment, dueAt, answer }, transaction, block }: StepDone): Reply {
  return { body: { amendment, dueAt, status: answer?.outcome ?? 'open', transaction, block } };
}
