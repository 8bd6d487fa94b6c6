import { fhirBundle, FHIR_MEDIA_TYPE, fhirReadHeaders } from './fhir.js';
import {
  demographicsHeld,
  fhirParametersBody,
  matchAnswer,
  matchBody,
  putDemographicsBody,
} from './matching.js';
import { READERS } from './roles.js';
import { idParams, noQuery } from './shared.js';

/** How a person is found by who they are, and what is kept for it. */
export const MATCHING_OPERATIONS = {
  fhirMatch: {
    method: 'post',
    path: '/fhir/r4/Patient/$match',
    summary: 'Find a person at another member by demographics; the answer is a reference for this user alone',
    tag: 'fhir',
    speaks: 'fhir',
    caller: READERS,
    params: noQuery,
    query: noQuery,
    headers: fhirReadHeaders,
    body: fhirParametersBody,
    answer: {
      status: 200,
      description: 'A Bundle of type searchset with one entry or none',
      schema: fhirBundle,
      schemaType: FHIR_MEDIA_TYPE,
    },
  },
  answerMatch: {
    method: 'post',
    path: '/v1/matches',
    summary: 'Answer whom another member means by demographics that only this custodian can read',
    tag: 'gateways',
    caller: 'gateway',
    at: 'custodian',
    params: noQuery,
    query: noQuery,
    body: matchBody,
    answer: { status: 200, description: 'Logged, and answered alike whoever was found', schema: matchAnswer },
  },
  putDemographics: {
    method: 'put',
    path: '/v1/subjects/{id}/demographics',
    summary: 'What other members may find a subject by, sealed in this gateway; null takes it away',
    tag: 'people',
    caller: ['records-clerk', 'consent-clerk'],
    at: 'custodian',
    params: idParams,
    query: noQuery,
    body: putDemographicsBody,
    answer: { status: 200, description: 'It is kept so', schema: demographicsHeld },
  },
  getDemographics: {
    method: 'get',
    path: '/v1/subjects/{id}/demographics',
    summary: 'What a subject is found by',
    tag: 'people',
    caller: ['records-clerk', 'consent-clerk'],
    at: 'custodian',
    params: idParams,
    query: noQuery,
    answer: { status: 200, description: 'All of it', schema: demographicsHeld },
  },
} as const;
