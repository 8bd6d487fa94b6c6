import {
  journalEntryBody,
  journalFindingList,
  journalKeys,
  journalPage,
  listJournalFindingsQuery,
  listJournalQuery,
} from './journal.js';
import { RELEASE_MEDIA_TYPE, receiptParams, releaseBody } from './releases.js';
import { noQuery } from './shared.js';

/** Emergencies while the ledger is out of reach: part of the one table of operations. */
export const JOURNAL_OPERATIONS = {
  releaseByJournal: {
    method: 'post',
    path: '/v1/emergency-releases',
    summary: 'Answer the signed emergency of another member while the ledger is out of reach',
    tag: 'gateways',
    caller: 'gateway',
    at: 'custodian',
    params: noQuery,
    query: noQuery,
    body: releaseBody,
    answer: {
      status: 200,
      description: 'Ciphertexts, and last what the custodian has signed; no key',
      mediaTypes: [RELEASE_MEDIA_TYPE],
    },
  },
  countersignJournal: {
    method: 'post',
    path: '/v1/emergency-releases/{jti}/entry',
    summary: 'Take the requester’s own entry; the keys leave when it is kept',
    tag: 'gateways',
    caller: 'gateway',
    at: 'custodian',
    params: receiptParams,
    query: noQuery,
    body: journalEntryBody,
    answer: { status: 200, description: 'Kept; the keys, once', schema: journalKeys },
  },
  listJournal: {
    method: 'get',
    path: '/v1/journal',
    summary: 'This gateway’s own journal of emergencies without the ledger, and how far each entry has come',
    tag: 'records',
    caller: ['auditor'],
    params: noQuery,
    query: listJournalQuery,
    answer: { status: 200, description: 'A page, oldest first', schema: journalPage },
  },
  listJournalFindings: {
    method: 'get',
    path: '/v1/journal-findings',
    summary: 'Entries of emergency journals that one side hides, or that came late, as the ledger shows them',
    tag: 'records',
    caller: ['auditor'],
    at: 'custodian or oversight',
    params: noQuery,
    query: listJournalFindingsQuery,
    answer: { status: 200, description: 'A page, in a lasting order', schema: journalFindingList },
  },
} as const;
