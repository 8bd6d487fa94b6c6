import { eraseSubjectBody, erasureRecorded } from './erasures.js';
import { ERASERS } from './roles.js';
import { custodianQuerySchema, idParams, noQuery } from './shared.js';

/** The end of all that is kept of a subject: part of the one table of operations. */
export const ERASURE_OPERATIONS = {
  eraseSubject: {
    method: 'post',
    path: '/v1/subjects/{id}/erasure',
    summary: 'Erase a subject: destroy keys, purge what the ledger holds, keep who accessed what',
    tag: 'people',
    caller: ERASERS,
    at: 'custodian',
    params: idParams,
    query: noQuery,
    body: eraseSubjectBody,
    answer: { status: 201, description: 'Erased, and on the ledger', schema: erasureRecorded },
    answers: [{ status: 200, description: 'It was erased already', schema: erasureRecorded }],
  },
  getErasure: {
    method: 'get',
    path: '/v1/subjects/{id}/erasure',
    summary: 'When and on what ground a subject was erased',
    tag: 'people',
    caller: [...ERASERS, 'auditor'],
    at: 'custodian or oversight',
    params: idParams,
    query: custodianQuerySchema,
    answer: { status: 200, description: 'What the tombstone says', schema: erasureRecorded },
  },
} as const;
