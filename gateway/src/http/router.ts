import { randomUUID } from 'node:crypto';
import {
  FHIR_MEDIA_TYPE,
  OPERATIONS,
  PROBLEM_MEDIA_TYPE,
  UNKEPT_ANSWERS,
  type Operation,
  type OperationName,
} from '@consent-ledger/chaincode/wire/http';
import { Router, type NextFunction, type Request, type Response } from 'express';
import { z } from 'zod';
import type { TokenVerifier } from '../ports/token-verifier.js';
import type { IdempotencyStore, KeptAnswer } from '../ports/idempotency-store.js';
import { Refusal } from '../usecases/refusal.js';
import { authenticate } from './authenticate.js';
import { isStreamed, type AnyHandler, type Handlers, type Reply } from './handlers.js';
import { readJsonBody } from './json-body.js';
import { refusedOutcome } from './fhir/outcome.js';
import { keyOf, once, requireSameStream } from './idempotency.js';
import { problemOf, refusalOfInput } from './problems.js';

export interface RouterOptions {
  readonly handlers: Handlers;
  readonly tokens: TokenVerifier;
  /** Takes an EHR's own tokens as well, where an operation does. */
  readonly clientTokens: TokenVerifier;
  readonly jsonBytes: number;
  readonly idempotency: IdempotencyStore;
  /** Whether the gateway takes calls; what tells of the process itself is always answered. */
  readonly isOpen: () => boolean;
}

/** Every operation that has a handler, in the order: who calls, what do they want, then the handler. */
export function createRouter(options: RouterOptions): Router {
  const router = Router({ caseSensitive: true, strict: true });
  for (const [name, operation] of Object.entries(OPERATIONS) as [OperationName, Operation][]) {
    // The handler's own types follow from the operation's schemas, which parse the input right here.
    const handler = options.handlers[name] as AnyHandler | undefined;
    if (handler === undefined) continue;
    const path = operation.path.replaceAll(/\{(\w+)\}/g, ':$1');
    router[operation.method](path, (request, response) =>
      serve(request, response, name, operation, handler, options),
    );
  }
  refuseOtherMethods(router, options.handlers);
  return router;
}

/** The id of a request: ours alone, so that nobody writes into our log. */
export function requestIdOf(response: Response): string {
  const { requestId } = response.locals as { requestId?: string };
  return requestId ?? randomUUID();
}

async function serve(
  request: Request,
  response: Response,
  name: OperationName,
  operation: Operation,
  handler: AnyHandler,
  { tokens, clientTokens, jsonBytes, idempotency, isOpen }: RouterOptions,
): Promise<void> {
  response.locals['operation'] = name;
  const { caller } = operation;
  if (caller !== 'public' && !isOpen()) throw new Refusal('gateway-stopping');
  const verifier = operation.takesClientTokens === true ? clientTokens : tokens;
  const user = typeof caller === 'string' ? undefined : await authenticate(request, caller, verifier);
  const key = keyOf({ name, request, user });
  const call = {
    user,
    params: parse(operation.params, request.params, 'path'),
    query: parse(operation.query, request.query, 'query'),
    headers:
      operation.headers === undefined ? undefined : parse(operation.headers, request.headers, 'header'),
    body: await bodyOf(request, operation, jsonBytes),
    requestId: requestIdOf(response),
    signal: abortedWith(response),
    request,
    response,
  };
  if (key === undefined) {
    const reply = await handler(call);
    if (reply !== undefined) send(response, answerOf(operation, reply));
    return;
  }
  // A record that comes as a stream is known by its length and, once it is kept, by its digest.
  const body = call.body === request ? undefined : call.body;
  const done = { byThisCall: false };
  const { answer } = await once(
    key,
    { name, request, user, body },
    idempotency,
    async () => {
      done.byThisCall = true;
      const reply = await handler(call);
      if (reply === undefined) return { answer: undefined };
      const made = answerOf(operation, reply);
      if (!UNKEPT_ANSWERS.has(name)) return { answer: made };
      send(response, made);
      return { answer: undefined };
    },
    (refusal) => refusedAs(operation, refusal, requestIdOf(response)),
  );
  if (answer === undefined) return;
  if (!done.byThisCall && call.body === request) await requireSameStream(request, answer);
  send(response, answer);
}

async function bodyOf(request: Request, { body }: Operation, jsonBytes: number): Promise<unknown> {
  if (body === undefined) return undefined;
  if (isStreamed(body)) return request;
  return parse(body, await readJsonBody(request, jsonBytes), '$');
}

/** Schemas with code made for them, each when it is first needed: a call about hundreds of things is a tenth cheaper so. */
const compiled = new WeakMap<z.ZodType, z.ZodType>();

function parse(schema: z.ZodType, value: unknown, root: string): unknown {
  let ready = compiled.get(schema);
  if (ready === undefined) {
    ready = z.compile(schema);
    compiled.set(schema, ready);
  }
  const parsed = ready.safeParse(value);
  if (!parsed.success) throw refusalOfInput(parsed.error, root);
  return parsed.data;
}

function abortedWith(response: Response): AbortSignal {
  const controller = new AbortController();
  response.once('close', () => {
    if (!response.writableFinished) controller.abort();
  });
  return controller.signal;
}

function answerOf(operation: Operation, { status, headers, body }: Reply): KeptAnswer {
  const content = body === undefined ? undefined : JSON.stringify(body);
  return {
    status: status ?? operation.answer.status,
    headers: {
      ...(content === undefined ? {} : { 'Content-Type': 'application/json; charset=utf-8' }),
      ...headers,
    },
    ...(content === undefined ? {} : { body: content }),
  };
}

/** A refusal as it is told again: the very same, under the id of the request that it was told first. */
function refusedAs({ speaks }: Operation, refusal: Refusal, requestId: string): KeptAnswer {
  const problem = problemOf(refusal, requestId);
  if (speaks === 'fhir') {
    return {
      status: problem.status,
      headers: { 'Content-Type': FHIR_MEDIA_TYPE },
      body: JSON.stringify(refusedOutcome(refusal)),
    };
  }
  return {
    status: problem.status,
    headers: { 'Content-Type': PROBLEM_MEDIA_TYPE },
    body: JSON.stringify(problem),
  };
}

/** Not by Express's own `send`, which answers 304 to `If-None-Match: *` whatever the answer is. */
function send(response: Response, { status, headers, body }: KeptAnswer): void {
  response.status(status).set({ 'Cache-Control': 'no-store' });
  if (body === undefined) {
    // What has no content has no type.
    response.set({ ...headers }).removeHeader('Content-Type');
    response.end();
    return;
  }
  const content = Buffer.from(body);
  response.set({ 'Content-Length': `${content.length}`, ...headers }).end(content);
}

function refuseOtherMethods(router: Router, handlers: Handlers): void {
  const methods = new Map<string, string[]>();
  for (const [name, { path, method }] of Object.entries(OPERATIONS) as [OperationName, Operation][]) {
    if (handlers[name] === undefined) continue;
    methods.set(path, [
      ...(methods.get(path) ?? []),
      ...(method === 'get' ? ['GET', 'HEAD'] : [method.toUpperCase()]),
    ]);
  }
  for (const [path, allowed] of methods) {
    router.all(
      path.replaceAll(/\{(\w+)\}/g, ':$1'),
      (_request: Request, response: Response, next: NextFunction) => {
        response.set('Allow', allowed.join(', '));
        next(new Refusal('method-not-allowed'));
      },
    );
  }
}
