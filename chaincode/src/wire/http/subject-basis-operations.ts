import { acceptBody } from './agreements.js';
import { SIGNATORIES } from './roles.js';
import { custodianQuerySchema, idParams } from './shared.js';
import {
  subjectBasisBody,
  subjectBasisChanged,
  subjectBasisList,
  subjectBasisParams,
} from './subject-bases.js';

const CHANGE = {
  tag: 'agreements',
  caller: SIGNATORIES,
  at: 'custodian or oversight',
  params: subjectBasisParams,
  query: custodianQuerySchema,
} as const;

/** Legal bases about one patient, where what the patient consents to is kept: part of the one table of operations. */
export const SUBJECT_BASIS_OPERATIONS = {
  listSubjectBases: {
    method: 'get',
    path: '/v1/subjects/{id}/legal-bases',
    summary: 'Orders, subpoenas and reports about one patient, registered or proposed',
    tag: 'agreements',
    caller: [...SIGNATORIES, 'consent-clerk'],
    at: 'custodian or oversight',
    params: idParams,
    query: custodianQuerySchema,
    answer: { status: 200, description: 'All of them', schema: subjectBasisList },
  },
  proposeSubjectBasis: {
    ...CHANGE,
    method: 'put',
    path: '/v1/subjects/{id}/legal-bases/{basis}/proposal',
    summary: 'Propose a legal basis about one patient, or the next version of one',
    body: subjectBasisBody,
    answer: { status: 200, description: 'Proposed, on the ledger', schema: subjectBasisChanged },
  },
  confirmSubjectBasis: {
    ...CHANGE,
    method: 'post',
    path: '/v1/subjects/{id}/legal-bases/{basis}/confirmation',
    summary: 'Confirm what another proposed: one of the two is oversight, and neither gains by it',
    body: acceptBody,
    answer: { status: 200, description: 'In force, on the ledger', schema: subjectBasisChanged },
  },
  dropSubjectBasis: {
    ...CHANGE,
    method: 'post',
    path: '/v1/subjects/{id}/legal-bases/{basis}/refusal',
    summary: 'Decline what is proposed, or take it back',
    answer: { status: 200, description: 'Nothing is proposed any more', schema: subjectBasisChanged },
  },
  endSubjectBasis: {
    ...CHANGE,
    method: 'post',
    path: '/v1/subjects/{id}/legal-bases/{basis}/end',
    summary:
      'End a legal basis about one patient at once: by the custodian, or by any oversight organisation',
    answer: { status: 200, description: 'Ended, on the ledger', schema: subjectBasisChanged },
  },
} as const;
