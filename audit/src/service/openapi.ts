import { z } from '@consent-ledger/chaincode/wire';
import { FHIR_MEDIA_TYPE, problemSchema, PROBLEM_MEDIA_TYPE } from '@consent-ledger/chaincode/wire/http';
import {
  createDocument,
  type ZodOpenApiContentObject,
  type ZodOpenApiPathsObject,
  type ZodOpenApiResponsesObject,
} from 'zod-openapi';
import { QUESTIONS } from '../questions/catalogue.js';
import { auditEventSearch } from './fhir-search.js';
import { findingAnswer, findingBody } from './findings-route.js';

/** What every question takes beside its own parameters. */
export const paging = z.strictObject({
  limit: z.coerce.number().int().min(1).max(10_000).default(100).describe('rows of a page'),
  cursor: z.string().max(256).optional().describe('`next` of the page before'),
  format: z
    .enum(['json', 'ndjson', 'csv', 'pdf'])
    .default('json')
    .describe('json: one page; ndjson, csv, pdf (disclosures): all of it'),
});

const page = z.strictObject({
  rows: z.array(z.record(z.string(), z.json())),
  next: z.string().optional().describe('cursor of the page after this one; absent on the last'),
  about: z.record(z.string(), z.json()).optional().describe('what the answer rests on; of unusual access'),
});

const SECURITY = [{ token: [] }];

/** OpenAPI 3.1, made from the schemas that parse the input. */
export function openApiDocument(): object {
  const paths: ZodOpenApiPathsObject = {};
  for (const { name, summary, parameters } of QUESTIONS) {
    paths[`/v1/audit/${name}`] = {
      get: {
        operationId: `audit-${name}`,
        summary,
        security: SECURITY,
        requestParams: { query: paging.extend(parameters.shape) },
        responses: {
          ...answered({
            'application/json': { schema: page },
            'application/x-ndjson': { schema: z.string() },
            'text/csv': { schema: z.string() },
            ...(name === 'disclosures' && {
              'application/pdf': { schema: { type: 'string', format: 'binary' } },
            }),
          }),
          ...(name === 'disclosures' && {
            '422': refused('A PDF would have more than 10,000 rows'),
            '429': refused('Two PDFs are on their way already'),
          }),
        },
      },
    };
  }
  const state = z.record(z.string(), z.json());
  paths['/v1/audit/status'] = {
    get: {
      operationId: 'audit-status',
      summary: 'How far the projection is, which values the peer lacks, and which alarms there are.',
      security: SECURITY,
      responses: answered({ 'application/json': { schema: state } }),
    },
  };
  paths['/v1/audit/findings'] = {
    post: {
      operationId: 'audit-finding',
      summary: 'Say what was found of an access; unusual access is measured by it from then on.',
      security: SECURITY,
      requestBody: { required: true, content: { 'application/json': { schema: findingBody } } },
      responses: {
        ...refusals(),
        '201': {
          description: 'It is in the log of questions',
          content: { 'application/json': { schema: findingAnswer } },
        },
        '413': refused('The body is too long'),
      },
    },
  };
  const resource = { [FHIR_MEDIA_TYPE]: { schema: z.record(z.string(), z.json()) } };
  paths['/fhir/r4/AuditEvent'] = {
    get: {
      operationId: 'search-audit-events',
      summary: 'AuditEvents (FHIR R4, IHE BALP) of accesses, permitted and denied.',
      security: SECURITY,
      requestParams: { query: auditEventSearch },
      responses: answered(resource),
    },
  };
  paths['/fhir/r4/AuditEvent/{id}'] = {
    get: {
      operationId: 'read-audit-event',
      summary: 'One AuditEvent.',
      security: SECURITY,
      requestParams: { path: z.strictObject({ id: z.string().max(64) }) },
      responses: answered(resource),
    },
  };
  return createDocument({
    openapi: '3.1.0',
    info: {
      title: 'Auditor',
      version: '1',
      description:
        'What an auditor asks, answered from the read model of the member’s own peer. For role auditor.',
      license: { name: 'Apache-2.0', identifier: 'Apache-2.0' },
    },
    components: {
      securitySchemes: { token: { type: 'http', scheme: 'bearer', bearerFormat: 'JWT (RFC 9068)' } },
    },
    paths,
  });
}

function refused(description: string) {
  return { description, content: { [PROBLEM_MEDIA_TYPE]: { schema: problemSchema } } };
}

function answered(content: ZodOpenApiContentObject): ZodOpenApiResponsesObject {
  return { '200': { description: 'The answer', content }, ...refusals() };
}

function refusals(): ZodOpenApiResponsesObject {
  return {
    '400': refused('A parameter is wrong'),
    '401': refused('No token of this member'),
    '403': refused('Not an auditor'),
    '404': refused('There is nothing of that name'),
    '503': refused('The projection is not up, or the issuer cannot be asked'),
  };
}
