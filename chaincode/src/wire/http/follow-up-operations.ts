import {
  emergencyPage,
  emergencyParams,
  emergencyReviewed,
  listEmergenciesQuery,
  listUnsettledQuery,
  reviewBody,
  unsettledPage,
} from './follow-ups.js';
import { custodianQuerySchema, noQuery } from './shared.js';

/** What somebody has to look after once records have left: part of the one table of operations. */
export const FOLLOW_UP_OPERATIONS = {
  listEmergencies: {
    method: 'get',
    path: '/v1/emergency-accesses',
    summary: 'Accesses for which the glass was broken: those to be reviewed, overdue, or reviewed',
    tag: 'records',
    caller: ['auditor', 'consent-clerk'],
    at: 'custodian or oversight',
    params: noQuery,
    query: listEmergenciesQuery,
    answer: { status: 200, description: 'A page, oldest first', schema: emergencyPage },
  },
  reviewEmergency: {
    method: 'post',
    path: '/v1/emergency-accesses/{id}/review',
    summary: 'Say what was found of an emergency access; not by who looked',
    tag: 'records',
    caller: ['auditor'],
    at: 'custodian or oversight',
    params: emergencyParams,
    query: custodianQuerySchema,
    body: reviewBody,
    answer: { status: 200, description: 'Reviewed, on the ledger', schema: emergencyReviewed },
  },
  listUnsettled: {
    method: 'get',
    path: '/v1/unsettled-permits',
    summary: 'What was permitted a while ago, and nobody has signed whether it arrived',
    tag: 'records',
    caller: ['auditor', 'consent-clerk'],
    at: 'custodian or oversight',
    params: noQuery,
    query: listUnsettledQuery,
    answer: { status: 200, description: 'A page, oldest first', schema: unsettledPage },
  },
} as const;
