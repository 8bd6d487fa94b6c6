import {
  FHIR_MEDIA_TYPE,
  IDEMPOTENCY_HEADER,
  IDEMPOTENT_OPERATIONS,
  idempotencyHeaders,
  OPERATIONS,
  operationOutcome,
  problemSchema,
  PROBLEM_MEDIA_TYPE,
  type Answer,
  type Operation,
  type OperationName,
} from '@consent-ledger/chaincode/wire/http';
import {
  createDocument,
  type ZodOpenApiContentObject,
  type ZodOpenApiOperationObject,
  type ZodOpenApiPathsObject,
  type ZodOpenApiResponseObject,
} from 'zod-openapi';
import { REFUSALS, refusalStatuses } from './refusal-statuses.js';
import { isStreamed, type Handlers } from './handlers.js';

/** The OpenAPI 3.1 description of what this gateway serves, made from the schemas that parse its input. */
export function openApiDocument(title: string, handlers: Handlers): object {
  const paths: ZodOpenApiPathsObject = {};
  for (const [name, operation] of Object.entries(OPERATIONS) as [OperationName, Operation][]) {
    if (handlers[name] === undefined) continue;
    paths[operation.path] = { ...paths[operation.path], [operation.method]: describe(name, operation) };
  }
  return createDocument({
    openapi: '3.1.0',
    info: {
      title,
      version: '1',
      description:
        'Verifies consent before an encrypted record leaves, and logs on the ledger who asked for what.',
      license: { name: 'Apache-2.0', identifier: 'Apache-2.0' },
    },
    components: {
      securitySchemes: { token: { type: 'http', scheme: 'bearer', bearerFormat: 'JWT (RFC 9068)' } },
    },
    paths,
  });
}

function describe(name: OperationName, operation: Operation): ZodOpenApiOperationObject {
  const { summary, tag, caller, params, query, headers, answer, answers = [] } = operation;
  return {
    operationId: name,
    summary,
    tags: [tag],
    description: audience(operation),
    requestParams: { path: params, query, ...headersOf(name, headers) },
    ...bodyOf(operation),
    ...(typeof caller === 'string' ? {} : { security: [{ token: [] }] }),
    responses: {
      ...Object.fromEntries(
        [answer, ...answers].map((one) => [
          `${one.status}`,
          { description: one.description, content: contentOf(one) },
        ]),
      ),
      ...Object.fromEntries(
        refusalStatuses(operation)
          .filter((status) => ![answer, ...answers].some((one) => one.status === status))
          .map((status) => [`${status}`, refusalOf(status, operation)]),
      ),
    },
  };
}

/** What the handler reads, and what the router does. */
function headersOf(
  name: OperationName,
  headers: Operation['headers'],
): Pick<NonNullable<ZodOpenApiOperationObject['requestParams']>, 'header'> {
  if (!IDEMPOTENT_OPERATIONS.has(name)) return headers === undefined ? {} : { header: headers };
  if (headers === undefined) return { header: idempotencyHeaders };
  return { header: headers.extend({ [IDEMPOTENCY_HEADER]: idempotencyHeaders.shape[IDEMPOTENCY_HEADER] }) };
}

/** A problem document (RFC 9457), or an OperationOutcome where FHIR is spoken. */
function refusalOf(status: number, { speaks }: Operation): ZodOpenApiResponseObject {
  const content: ZodOpenApiContentObject =
    speaks === 'fhir'
      ? { [FHIR_MEDIA_TYPE]: { schema: operationOutcome } }
      : { [PROBLEM_MEDIA_TYPE]: { schema: problemSchema } };
  return { description: REFUSALS[status] ?? 'Refused', content };
}

function audience({ caller }: Operation): string {
  if (caller === 'public') return 'For anyone.';
  if (caller === 'gateway') return "For other members' gateways, known by their signatures.";
  return `For roles: ${caller.join(', ')}.`;
}

function bodyOf({ body, speaks }: Operation): Pick<ZodOpenApiOperationObject, 'requestBody'> {
  if (body === undefined) return {};
  if (isStreamed(body)) {
    const content: ZodOpenApiContentObject = {};
    for (const type of body.mediaTypes ?? ['*/*'])
      content[type] = { schema: { type: 'string', format: 'binary' } };
    return { requestBody: { required: true, description: body.description, content } };
  }
  const type = speaks === 'fhir' ? FHIR_MEDIA_TYPE : 'application/json';
  return { requestBody: { required: true, content: { [type]: { schema: body } } } };
}

function contentOf(answer: Answer): ZodOpenApiContentObject {
  const content: ZodOpenApiContentObject = {};
  if (answer.schema !== undefined && answer.mediaTypes === undefined) {
    content[answer.schemaType ?? 'application/json'] = { schema: answer.schema };
  }
  for (const mediaType of answer.mediaTypes ?? []) {
    content[mediaType] = { schema: { type: 'string', format: 'binary' } };
  }
  return content;
}
