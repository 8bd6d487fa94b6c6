import {
  amendmentDocument,
  amendmentLogged,
  amendmentPage,
  amendmentRecipients,
  amendmentRecipientsQuery,
  amendmentTextBody,
  answerAmendmentBody,
  disagreementBody,
  listAmendmentsQuery,
  requestAmendmentBody,
  toldBody,
} from './amendments.js';
import { AMENDMENT_ANSWERERS, AMENDMENT_READERS, AMENDMENT_SPEAKERS } from './roles.js';
import { custodianQuerySchema, idParams, noQuery } from './shared.js';

const logged = { status: 200, description: 'Logged, on the ledger', schema: amendmentLogged } as const;
const step = { method: 'post', tag: 'people', at: 'custodian', params: idParams, query: noQuery } as const;
const seen = { method: 'get', tag: 'people', at: 'custodian or oversight' } as const;

/** Requests to amend a record (45 CFR 164.526): part of the one table of operations. */
export const AMENDMENT_OPERATIONS = {
  requestAmendment: {
    ...step,
    path: '/v1/amendments',
    summary: 'Take in a request to amend a record; it is to be answered within 60 days',
    caller: AMENDMENT_SPEAKERS,
    params: noQuery,
    body: requestAmendmentBody,
    answer: { status: 201, description: 'Taken in, on the ledger', schema: amendmentLogged },
  },
  listAmendments: {
    ...seen,
    path: '/v1/amendments',
    summary: 'Requests to amend records: those to be answered, overdue, or answered',
    caller: AMENDMENT_READERS,
    params: noQuery,
    query: listAmendmentsQuery,
    answer: { status: 200, description: 'A page, oldest first, without texts', schema: amendmentPage },
  },
  getAmendment: {
    ...seen,
    path: '/v1/amendments/{id}',
    summary: 'One request to amend a record, and what became of it',
    caller: [...AMENDMENT_READERS, 'consent-portal'],
    params: idParams,
    query: custodianQuerySchema,
    answer: { status: 200, description: 'As the ledger has it', schema: amendmentDocument },
  },
  listAmendmentRecipients: {
    ...seen,
    path: '/v1/amendments/{id}/recipients',
    summary: 'Which other members the record was let out to before it was amended, and who was told',
    caller: AMENDMENT_READERS,
    params: idParams,
    query: amendmentRecipientsQuery,
    answer: { status: 200, description: 'A page, oldest first', schema: amendmentRecipients },
  },
  extendAmendment: {
    ...step,
    path: '/v1/amendments/{id}/extension',
    summary: 'Take 30 days more to answer, once, with the reasons',
    caller: AMENDMENT_ANSWERERS,
    body: amendmentTextBody,
    answer: logged,
  },
  answerAmendment: {
    ...step,
    path: '/v1/amendments/{id}/answer',
    summary: 'Accept, naming the version that holds the amendment, or deny on one of the lawful grounds',
    caller: AMENDMENT_ANSWERERS,
    body: answerAmendmentBody,
    answer: logged,
  },
  disagreeWithAmendment: {
    ...step,
    path: '/v1/amendments/{id}/disagreement',
    summary: 'The subject’s statement of disagreement, or that request and denial go with disclosures',
    caller: AMENDMENT_SPEAKERS,
    body: disagreementBody,
    answer: logged,
  },
  rebutAmendment: {
    ...step,
    path: '/v1/amendments/{id}/rebuttal',
    summary: 'The custodian’s rebuttal of a statement of disagreement',
    caller: AMENDMENT_ANSWERERS,
    body: amendmentTextBody,
    answer: logged,
  },
  tellOfAmendment: {
    ...step,
    path: '/v1/amendments/{id}/told',
    summary: 'Log that members that had the record before have been told of the amendment',
    caller: AMENDMENT_ANSWERERS,
    body: toldBody,
    answer: logged,
  },
} as const;
