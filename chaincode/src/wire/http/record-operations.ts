import { recordDescriptor, recordRelabelled, relabelBody } from './labels.js';
import { idParams, noQuery } from './shared.js';

/** What a custodian does with its records beside keeping and releasing them. */
export const RECORD_OPERATIONS = {
  describeRecord: {
    method: 'get',
    path: '/v1/records/{id}/descriptor',
    summary: 'What is registered of a record, and why it carries each of its labels',
    tag: 'records',
    caller: ['records-clerk', 'auditor'],
    at: 'custodian',
    params: idParams,
    query: noQuery,
    answer: { status: 200, description: 'The newest version', schema: recordDescriptor },
  },
  relabelRecord: {
    method: 'post',
    path: '/v1/records/{id}/labels',
    summary: "Label a record again, by today's rules or as staff decides; a new version, with a reason",
    tag: 'records',
    caller: ['records-clerk'],
    at: 'custodian',
    params: idParams,
    query: noQuery,
    body: relabelBody,
    answer: { status: 201, description: 'A new version, on the ledger', schema: recordRelabelled },
    answers: [{ status: 200, description: 'It carries them already', schema: recordRelabelled }],
  },
} as const;
