import type { z } from 'zod';
import { accessEventPage, accessOutcome, accessRequestBody, listAccessEventsQuery } from './access.js';
import { checkPage, checksAnswered, checksBody, listChecksQuery } from './checks.js';
import {
  consentDocument,
  consentFiled,
  consentWithdrawn,
  fileConsentBody,
  withdrawConsentBody,
} from './consents.js';
import { cdsCards, cdsConsultBody, cdsServices } from './cds.js';
import {
  FHIR_MEDIA_TYPE,
  FORM_MEDIA_TYPE,
  fhirBundle,
  fhirCapabilityStatement,
  fhirConsent,
  fhirConsentBody,
  fhirConsentParams,
  fhirHistoryQuery,
  fhirParams,
  fhirQuery,
  fhirReadHeaders,
  fhirSearchQuery,
  fhirVersionParams,
  fhirWriteHeaders,
} from './fhir.js';
import { exportPage, listExportsQuery } from './exports.js';
import { AGREEMENT_OPERATIONS } from './agreement-operations.js';
import { AMENDMENT_OPERATIONS } from './amendment-operations.js';
import { ERASURE_OPERATIONS } from './erasure-operations.js';
import { FOLLOW_UP_OPERATIONS } from './follow-up-operations.js';
import { JOURNAL_OPERATIONS } from './journal-operations.js';
import { MATCHING_OPERATIONS } from './matching-operations.js';
import { PEOPLE_OPERATIONS } from './people-operations.js';
import { QUALITY_OPERATIONS } from './quality-operations.js';
import { STUDY_OPERATIONS } from './study-operations.js';
import { SUBJECT_BASIS_OPERATIONS } from './subject-basis-operations.js';
import { healthDocument, ledgerDocument, memberList, readinessDocument } from './members.js';
import { getRecordQuery, putRecordQuery, recordRegistered } from './records.js';
import { RECORD_OPERATIONS } from './record-operations.js';
import { receiptBody, receiptLogged, receiptParams, releaseBody, RELEASE_MEDIA_TYPE } from './releases.js';
import { CHECKERS, READERS, ROLES, SPEAKERS, type Role } from './roles.js';
import { listSlipsQuery, slipBody, slipPage, slipReceived, slipVerification } from './slips.js';
import { custodianQuerySchema, idParams, noQuery } from './shared.js';
import { registerSubjectBody, subjectRegistered } from './subjects.js';

/**
 * Who may call an operation: anyone (`public`), another member's gateway, which shows who it is by what it signs
 * (`gateway`), or this member's users who have one of the roles. What is not listed here cannot be called.
 */
export type Caller = 'public' | 'gateway' | readonly Role[];

/** A body that goes through as bytes, of any media type. */
export interface StreamedBody {
  readonly streamed: true;
  readonly description: string;
  /** Absent: any. */
  readonly mediaTypes?: readonly string[];
}

export interface Answer {
  readonly status: number;
  readonly description: string;
  /** Absent: bytes of the media types named. */
  readonly schema?: z.ZodType;
  readonly mediaTypes?: readonly string[];
  /** What is of the schema; absent: `application/json`. */
  readonly schemaType?: string;
}

export interface Operation {
  readonly method: 'get' | 'post' | 'put';
  /** OpenAPI's form: `/v1/records/{id}`. */
  readonly path: string;
  readonly summary: string;
  readonly tag: 'people' | 'records' | 'gateways' | 'service' | 'fhir' | 'cds' | 'studies' | 'agreements';
  /** Absent: JSON of our own, and problem documents (RFC 9457) for what is refused. */
  readonly speaks?: 'fhir';
  readonly caller: Caller;
  /** Whether an EHR's own tokens count as well (CDS Hooks, "Trusting CDS Clients"). */
  readonly takesClientTokens?: true;
  readonly params: z.ZodObject;
  readonly query: z.ZodObject;
  /** Of the headers that the handler reads. */
  readonly headers?: z.ZodObject;
  readonly body?: z.ZodType | StreamedBody;
  readonly answer: Answer;
  /** Answers with other statuses that are no refusals. */
  readonly answers?: readonly Answer[];
  /** Members whose gateway has it; absent: all. */
  readonly at?: 'custodian' | 'custodian or oversight' | 'sponsor';
}

const RECORD_MEDIA_TYPES = ['application/octet-stream'];

const fhirAnswer = (status: number, description: string, schema: z.ZodType): Answer => ({
  status,
  description,
  schema,
  schemaType: FHIR_MEDIA_TYPE,
});

const FHIR = { tag: 'fhir', speaks: 'fhir', at: 'custodian or oversight' } as const;
/** A portal brings what subjects want; what it would read here is about all of them. */
const SLIP_READERS = ['consent-clerk', 'auditor'] as const;
const FHIR_READERS = [...SPEAKERS, 'auditor'] as const;
/** A portal speaks for those whose consents it knows; it does not look for others. */
const FHIR_SEARCHERS = ['consent-clerk', 'auditor'] as const;

/** Every operation of a gateway: the router, the documentation and the tests are made from this one table. */
export const OPERATIONS = {
  health: {
    method: 'get',
    path: '/healthz',
    summary: 'The process lives',
    tag: 'service',
    caller: 'public',
    params: noQuery,
    query: noQuery,
    answer: { status: 200, description: 'It does', schema: healthDocument },
  },
  readiness: {
    method: 'get',
    path: '/readyz',
    summary: 'It can do its work: ledger, projection, token issuer',
    tag: 'service',
    caller: 'public',
    params: noQuery,
    query: noQuery,
    answer: {
      status: 200,
      description: 'It can',
      schema: readinessDocument,
    },
    answers: [{ status: 503, description: 'It cannot', schema: readinessDocument }],
  },
  metrics: {
    method: 'get',
    path: '/metrics',
    summary: 'Prometheus metrics',
    tag: 'service',
    caller: 'public',
    params: noQuery,
    query: noQuery,
    answer: { status: 200, description: 'Text exposition format', mediaTypes: ['text/plain'] },
  },
  registerSubject: {
    method: 'post',
    path: '/v1/subjects',
    summary: 'Register a subject under a pseudonym that the gateway makes',
    tag: 'people',
    caller: ['records-clerk', 'consent-clerk'],
    at: 'custodian',
    params: noQuery,
    query: noQuery,
    body: registerSubjectBody,
    answer: { status: 201, description: 'Registered, on the ledger', schema: subjectRegistered },
  },
  fileConsent: {
    method: 'post',
    path: '/v1/consents',
    summary: 'File a consent with the evidence of who gave it',
    tag: 'people',
    caller: SPEAKERS,
    at: 'custodian',
    params: noQuery,
    query: noQuery,
    body: fileConsentBody,
    answer: { status: 201, description: 'Filed, on the ledger', schema: consentFiled },
  },
  getConsent: {
    method: 'get',
    path: '/v1/consents/{id}',
    summary: 'A filed consent, as the ledger holds it',
    tag: 'people',
    caller: [...SPEAKERS, 'auditor'],
    at: 'custodian or oversight',
    params: idParams,
    query: custodianQuerySchema,
    answer: { status: 200, description: 'The consent', schema: consentDocument },
  },
  withdrawConsent: {
    method: 'post',
    path: '/v1/consents/{id}/withdrawal',
    summary: 'Withdraw a consent, at its custodian or at an oversight member',
    tag: 'people',
    caller: [...SPEAKERS, 'auditor'],
    at: 'custodian or oversight',
    params: idParams,
    query: custodianQuerySchema,
    body: withdrawConsentBody,
    answer: { status: 200, description: 'Withdrawn, on the ledger', schema: consentWithdrawn },
  },
  ...PEOPLE_OPERATIONS,
  ...ERASURE_OPERATIONS,
  ...AMENDMENT_OPERATIONS,
  ...STUDY_OPERATIONS,
  ...AGREEMENT_OPERATIONS,
  ...SUBJECT_BASIS_OPERATIONS,
  putRecord: {
    method: 'put',
    path: '/v1/records/{id}',
    summary: 'Keep a record, encrypted, and register its descriptor',
    tag: 'records',
    caller: ['records-clerk'],
    at: 'custodian',
    params: idParams,
    query: putRecordQuery,
    body: { streamed: true, description: 'The record, of any media type' },
    answer: { status: 201, description: 'Kept and registered', schema: recordRegistered },
    answers: [{ status: 200, description: 'It was already there', schema: recordRegistered }],
  },
  getRecord: {
    method: 'get',
    path: '/v1/records/{id}',
    summary: "Read one of the own records: decided and logged like anybody else's request",
    tag: 'records',
    caller: READERS,
    at: 'custodian',
    params: idParams,
    query: getRecordQuery,
    answer: { status: 200, description: 'The record', mediaTypes: RECORD_MEDIA_TYPES },
  },
  ...RECORD_OPERATIONS,
  ...QUALITY_OPERATIONS,
  requestAccess: {
    method: 'post',
    path: '/v1/access-requests',
    summary: 'Ask a member for records',
    tag: 'records',
    caller: READERS,
    params: noQuery,
    query: noQuery,
    body: accessRequestBody,
    answer: {
      status: 200,
      description:
        'One record asked for: the record. Several: multipart/mixed, first the outcome as JSON, then the records that are permitted. Nothing permitted: a problem, 403',
      schema: accessOutcome,
      mediaTypes: ['multipart/mixed', ...RECORD_MEDIA_TYPES],
    },
  },
  listAccessEvents: {
    method: 'get',
    path: '/v1/access-events',
    summary: 'Who asked for what, and what was decided',
    tag: 'records',
    caller: ['auditor', 'consent-clerk'],
    at: 'custodian or oversight',
    params: noQuery,
    query: listAccessEventsQuery,
    answer: { status: 200, description: 'A page, oldest first', schema: accessEventPage },
  },
  listExports: {
    method: 'get',
    path: '/v1/exports',
    summary: 'Which files this member’s users took out of what it reads',
    tag: 'service',
    caller: ['auditor', 'privacy-officer'],
    params: noQuery,
    query: listExportsQuery,
    answer: { status: 200, description: 'A page, oldest first', schema: exportPage },
  },
  ...FOLLOW_UP_OPERATIONS,
  ...JOURNAL_OPERATIONS,
  ...MATCHING_OPERATIONS,
  check: {
    method: 'post',
    path: '/v1/checks',
    summary: 'What would be decided, and why; nothing is released. Up to 500 questions',
    tag: 'records',
    caller: CHECKERS,
    at: 'custodian',
    params: noQuery,
    query: noQuery,
    body: checksBody,
    answer: {
      status: 200,
      description: 'The answers, from what this gateway has verified',
      schema: checksAnswered,
    },
  },
  listChecks: {
    method: 'get',
    path: '/v1/checks',
    summary: 'Who checked what, oldest first',
    tag: 'records',
    caller: ['auditor', 'consent-clerk'],
    at: 'custodian',
    params: noQuery,
    query: listChecksQuery,
    answer: { status: 200, description: 'A page', schema: checkPage },
  },
  fhirMetadata: {
    ...FHIR,
    method: 'get',
    path: '/fhir/{release}/metadata',
    summary: 'What FHIR this gateway speaks',
    caller: 'public',
    params: fhirParams,
    query: fhirQuery,
    headers: fhirReadHeaders,
    answer: fhirAnswer(200, 'CapabilityStatement', fhirCapabilityStatement),
  },
  fhirSearch: {
    ...FHIR,
    method: 'get',
    path: '/fhir/{release}/Consent',
    summary: 'Search consents',
    caller: FHIR_SEARCHERS,
    params: fhirParams,
    query: fhirSearchQuery,
    headers: fhirReadHeaders,
    answer: fhirAnswer(200, 'A page, as a Bundle of type searchset', fhirBundle),
  },
  fhirSearchForm: {
    ...FHIR,
    method: 'post',
    path: '/fhir/{release}/Consent/_search',
    summary: 'Search consents, the parameters in the body',
    caller: FHIR_SEARCHERS,
    params: fhirParams,
    query: fhirSearchQuery,
    headers: fhirReadHeaders,
    body: { streamed: true, description: 'The parameters of the search', mediaTypes: [FORM_MEDIA_TYPE] },
    answer: fhirAnswer(200, 'A page, as a Bundle of type searchset', fhirBundle),
  },
  fhirCreate: {
    ...FHIR,
    method: 'post',
    path: '/fhir/{release}/Consent',
    summary: 'File a consent under an id that the gateway makes',
    caller: SPEAKERS,
    at: 'custodian',
    params: fhirParams,
    query: fhirQuery,
    headers: fhirWriteHeaders,
    body: fhirConsentBody,
    answer: fhirAnswer(201, 'Filed, on the ledger', fhirConsent),
  },
  fhirRead: {
    ...FHIR,
    method: 'get',
    path: '/fhir/{release}/Consent/{id}',
    summary: 'The newest version of a consent',
    caller: FHIR_READERS,
    params: fhirConsentParams,
    query: fhirQuery,
    headers: fhirReadHeaders,
    answer: fhirAnswer(200, 'The consent', fhirConsent),
    answers: [{ status: 304, description: 'It still is what If-None-Match names' }],
  },
  fhirUpdate: {
    ...FHIR,
    method: 'put',
    path: '/fhir/{release}/Consent/{id}',
    summary: 'File the next version of a consent, or its first; with the status inactive, withdraw it',
    caller: FHIR_READERS,
    params: fhirConsentParams,
    query: fhirQuery,
    headers: fhirWriteHeaders,
    body: fhirConsentBody,
    answer: fhirAnswer(200, 'Filed or withdrawn, on the ledger', fhirConsent),
    answers: [fhirAnswer(201, 'Filed, as the first version', fhirConsent)],
  },
  fhirHistory: {
    ...FHIR,
    method: 'get',
    path: '/fhir/{release}/Consent/{id}/_history',
    summary: 'All versions of a consent, newest first',
    caller: FHIR_READERS,
    params: fhirConsentParams,
    query: fhirHistoryQuery,
    headers: fhirReadHeaders,
    answer: fhirAnswer(200, 'A page, as a Bundle of type history', fhirBundle),
  },
  fhirVersion: {
    ...FHIR,
    method: 'get',
    path: '/fhir/{release}/Consent/{id}/_history/{version}',
    summary: 'One version of a consent',
    caller: FHIR_READERS,
    params: fhirVersionParams,
    query: fhirQuery,
    headers: fhirReadHeaders,
    answer: fhirAnswer(200, 'That version', fhirConsent),
    answers: [{ status: 304, description: 'It is what If-None-Match names' }],
  },
  cdsDiscovery: {
    method: 'get',
    path: '/cds-services',
    summary: 'CDS Hooks: which services there are',
    tag: 'cds',
    caller: 'public',
    at: 'custodian',
    params: noQuery,
    query: noQuery,
    answer: { status: 200, description: 'The services', schema: cdsServices },
  },
  cdsConsult: {
    method: 'post',
    path: '/cds-services/patient-consent-consult',
    summary: 'CDS Hooks: whether the consents of a patient permit something, and what must be left out',
    tag: 'cds',
    caller: CHECKERS,
    takesClientTokens: true,
    at: 'custodian',
    params: noQuery,
    query: noQuery,
    body: cdsConsultBody,
    answer: { status: 200, description: 'One card', schema: cdsCards },
  },
  release: {
    method: 'post',
    path: '/v1/releases',
    summary: 'Answer the signed request of another member',
    tag: 'gateways',
    caller: 'gateway',
    at: 'custodian',
    params: noQuery,
    query: noQuery,
    body: releaseBody,
    answer: { status: 200, description: 'The release stream', mediaTypes: [RELEASE_MEDIA_TYPE] },
  },
  receipt: {
    method: 'post',
    path: '/v1/releases/{jti}/receipt',
    summary: 'Take the signed receipt of a release',
    tag: 'gateways',
    caller: 'gateway',
    at: 'custodian',
    params: receiptParams,
    query: noQuery,
    body: receiptBody,
    answer: { status: 201, description: 'Logged, on the ledger', schema: receiptLogged },
  },
  receiveSlip: {
    method: 'post',
    path: '/v1/slips',
    summary: "Take a slip: what another member's consent says of this one, signed by its custodian",
    tag: 'gateways',
    caller: 'gateway',
    params: noQuery,
    query: noQuery,
    body: slipBody,
    answer: { status: 200, description: 'It is here', schema: slipReceived },
  },
  listSlips: {
    method: 'get',
    path: '/v1/slips',
    summary: 'What consents at other members say of this one',
    tag: 'people',
    caller: SLIP_READERS,
    params: noQuery,
    query: listSlipsQuery,
    answer: { status: 200, description: 'A page, in the order in which they came', schema: slipPage },
  },
  verifySlip: {
    method: 'get',
    path: '/v1/slips/{id}/verification',
    summary: "Whether a slip still holds, from this member's own peer; its custodian is not asked",
    tag: 'people',
    caller: SLIP_READERS,
    params: idParams,
    query: noQuery,
    answer: { status: 200, description: 'What the peer says', schema: slipVerification },
  },
  listMembers: {
    method: 'get',
    path: '/v1/members',
    summary: 'The members, as the ledger has them',
    tag: 'service',
    caller: ROLES,
    params: noQuery,
    query: noQuery,
    answer: { status: 200, description: 'All of them', schema: memberList },
  },
  getLedger: {
    method: 'get',
    path: '/v1/ledger',
    summary: 'Which ledger this is, and how far this gateway has followed it',
    tag: 'service',
    caller: ROLES,
    params: noQuery,
    query: noQuery,
    answer: { status: 200, description: 'The ledger', schema: ledgerDocument },
  },
} as const satisfies Record<string, Operation>;

export type OperationName = keyof typeof OPERATIONS;
