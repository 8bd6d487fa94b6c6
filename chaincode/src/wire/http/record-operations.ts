import { bundleKept, putBundleQuery } from './bundles.js';
import { COHORT_MEDIA_TYPE, cohortBody, cohortReleaseBody } from './cohorts.js';
import { FHIR_MEDIA_TYPE } from './fhir.js';
import { linkEnded, linkList, linkMade, linkParams, makeLinkBody } from './links.js';
import { recordDescriptor, recordRelabelled, relabelBody } from './labels.js';
import { READERS, SPEAKERS } from './roles.js';
import { RELEASE_MEDIA_TYPE, releaseBody } from './releases.js';
import { listingAnswer, searchAnswered, searchBody } from './searches.js';
import { idParams, noQuery } from './shared.js';

/** What a custodian does with its records beside keeping and releasing them. */
export const RECORD_OPERATIONS = {
  putBundle: {
    method: 'post',
    path: '/v1/bundles',
    summary: 'Keep each resource of a FHIR Bundle as a record of its own, all of them or none',
    tag: 'records',
    caller: ['records-clerk'],
    at: 'custodian',
    params: noQuery,
    query: putBundleQuery,
    body: { streamed: true, description: 'A FHIR Bundle', mediaTypes: [FHIR_MEDIA_TYPE] },
    answer: { status: 201, description: 'Kept and registered, in one transaction', schema: bundleKept },
    answers: [{ status: 200, description: 'Nothing was new', schema: bundleKept }],
  },
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
  searchRecords: {
    method: 'post',
    path: '/v1/searches',
    summary: "Look for a person's records at a member: each is decided on, and all of it is one access event",
    tag: 'records',
    caller: READERS,
    params: noQuery,
    query: noQuery,
    body: searchBody,
    answer: {
      status: 200,
      description: 'A page; what is withheld leaves no trace in it',
      schema: searchAnswered,
    },
  },
  answerSearch: {
    method: 'post',
    path: '/v1/listings',
    summary: 'Answer the signed search of another member',
    tag: 'gateways',
    caller: 'gateway',
    at: 'custodian',
    params: noQuery,
    query: noQuery,
    body: releaseBody,
    answer: { status: 200, description: 'Decided, logged, and told', schema: listingAnswer },
  },
  answerCohort: {
    method: 'post',
    path: '/v1/cohort-releases',
    summary: 'Answer the signed requests of a sponsor for a study’s participants, one after the other',
    tag: 'gateways',
    caller: 'gateway',
    at: 'custodian',
    params: noQuery,
    query: noQuery,
    body: cohortReleaseBody,
    answer: {
      status: 200,
      description: 'A release stream for each request, after a frame that says which',
      mediaTypes: [RELEASE_MEDIA_TYPE],
    },
  },
  takeCohort: {
    method: 'post',
    path: '/v1/studies/{id}/data',
    summary:
      'Take what a site’s participants let out for a study, pseudonymised; each is decided on and logged by itself',
    tag: 'records',
    caller: ['researcher'],
    at: 'sponsor',
    params: idParams,
    query: noQuery,
    body: cohortBody,
    answer: {
      status: 200,
      description:
        'A line for each record (CohortLine), and last one that counts (CohortSummary): without it the answer is not whole',
      mediaTypes: [COHORT_MEDIA_TYPE],
    },
  },
  makeLink: {
    method: 'post',
    path: '/v1/subjects/{id}/links',
    summary:
      'Make a link that a subject holds, by which others can name them here for a time; it opens nothing',
    tag: 'people',
    caller: SPEAKERS,
    at: 'custodian',
    params: idParams,
    query: noQuery,
    body: makeLinkBody,
    answer: { status: 201, description: 'The link, told this once', schema: linkMade },
  },
  listLinks: {
    method: 'get',
    path: '/v1/subjects/{id}/links',
    summary: 'A subject’s links, and who used them',
    tag: 'people',
    caller: [...SPEAKERS, 'auditor'],
    at: 'custodian',
    params: idParams,
    query: noQuery,
    answer: { status: 200, description: 'All of them', schema: linkList },
  },
  endLink: {
    method: 'post',
    path: '/v1/subjects/{id}/links/{link}/end',
    summary: 'End a link; it names nobody from now on',
    tag: 'people',
    caller: SPEAKERS,
    at: 'custodian',
    params: linkParams,
    query: noQuery,
    answer: { status: 200, description: 'It has ended', schema: linkEnded },
  },
} as const;
