import {
  OPERATIONS,
  problemSchema,
  PROBLEM_MEDIA_TYPE,
  type Operation,
  type OperationName,
} from '@consent-ledger/chaincode/wire/http';
import {
  createDocument,
  type ZodOpenApiContentObject,
  type ZodOpenApiOperationObject,
  type ZodOpenApiPathsObject,
} from 'zod-openapi';
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
  const { summary, tag, caller, params, query, answer } = operation;
  return {
    operationId: name,
    summary,
    tags: [tag],
    description: audience(operation),
    requestParams: { path: params, query },
    ...bodyOf(operation),
    ...(typeof caller === 'string' ? {} : { security: [{ token: [] }] }),
    responses: {
      [`${answer.status}`]: { description: answer.description, content: contentOf(operation) },
      default: {
        description: 'A refusal or failure (RFC 9457)',
        content: { [PROBLEM_MEDIA_TYPE]: { schema: problemSchema } },
      },
    },
  };
}

function audience({ caller }: Operation): string {
  if (caller === 'public') return 'For anyone.';
  if (caller === 'gateway') return "For other members' gateways, known by their signatures.";
  return `For roles: ${caller.join(', ')}.`;
}

function bodyOf({ body }: Operation): Pick<ZodOpenApiOperationObject, 'requestBody'> {
  if (body === undefined) return {};
  if (isStreamed(body)) {
    const content: ZodOpenApiContentObject = { '*/*': { schema: { type: 'string', format: 'binary' } } };
    return { requestBody: { required: true, description: body.description, content } };
  }
  return { requestBody: { required: true, content: { 'application/json': { schema: body } } } };
}

function contentOf({ answer }: Operation): ZodOpenApiContentObject {
  const content: ZodOpenApiContentObject = {};
  if (answer.schema !== undefined && answer.mediaTypes === undefined) {
    content['application/json'] = { schema: answer.schema };
  }
  for (const mediaType of answer.mediaTypes ?? []) {
    content[mediaType] = { schema: { type: 'string', format: 'binary' } };
  }
  return content;
}
