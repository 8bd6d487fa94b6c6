import { recordQuality, subjectQuality, subjectQualityQuery } from './quality.js';
import { QUALITY_KEEPERS } from './roles.js';
import { idParams, noQuery } from './shared.js';

/** What is wrong with records that came in: part of the one table of operations. */
export const QUALITY_OPERATIONS = {
  getRecordQuality: {
    method: 'get',
    path: '/v1/records/{id}/quality',
    summary: 'What does not fit in a record, by today’s rules; nothing that it says',
    tag: 'records',
    caller: QUALITY_KEEPERS,
    at: 'custodian',
    params: idParams,
    query: noQuery,
    answer: { status: 200, description: 'The newest version', schema: recordQuality },
  },
  getSubjectQuality: {
    method: 'get',
    path: '/v1/subjects/{id}/quality',
    summary: 'What does not fit in a subject’s records, by today’s rules',
    tag: 'records',
    caller: QUALITY_KEEPERS,
    at: 'custodian',
    params: idParams,
    query: subjectQualityQuery,
    answer: { status: 200, description: 'A page, newest record first', schema: subjectQuality },
  },
} as const;
