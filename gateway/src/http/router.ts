import { randomUUID } from 'node:crypto';
import { OPERATIONS, type Operation, type OperationName } from '@consent-ledger/chaincode/wire/http';
import { Router, type NextFunction, type Request, type Response } from 'express';
import type { z } from 'zod';
import type { TokenVerifier } from '../ports/token-verifier.js';
import { Refusal } from '../usecases/refusal.js';
import { authenticate } from './authenticate.js';
import { isStreamed, type AnyHandler, type Handlers, type Reply } from './handlers.js';
import { readJsonBody } from './json-body.js';
import { refusalOfInput } from './problems.js';

export interface RouterOptions {
  readonly handlers: Handlers;
  readonly tokens: TokenVerifier;
  /** Takes an EHR's own tokens as well, where an operation does. */
  readonly clientTokens: TokenVerifier;
  readonly jsonBytes: number;
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
  { tokens, clientTokens, jsonBytes, isOpen }: RouterOptions,
): Promise<void> {
  response.locals['operation'] = name;
  const { caller } = operation;
  if (caller !== 'public' && !isOpen()) throw new Refusal('gateway-stopping');
  const verifier = operation.takesClientTokens === true ? clientTokens : tokens;
  const user = typeof caller === 'string' ? undefined : await authenticate(request, caller, verifier);
  const reply = await handler({
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
  });
  if (reply !== undefined) send(response, operation, reply);
}

async function bodyOf(request: Request, { body }: Operation, jsonBytes: number): Promise<unknown> {
  if (body === undefined) return undefined;
  if (isStreamed(body)) return request;
  return parse(body, await readJsonBody(request, jsonBytes), '$');
}

function parse(schema: z.ZodType, value: unknown, root: string): unknown {
  const parsed = schema.safeParse(value);
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

/** Not by Express's own `send`, which answers 304 to `If-None-Match: *` whatever the answer is. */
function send(response: Response, operation: Operation, { status, headers, body }: Reply): void {
  response.status(status ?? operation.answer.status).set({ 'Cache-Control': 'no-store' });
  if (body === undefined) {
    // What has no content has no type.
    response.set({ ...headers }).removeHeader('Content-Type');
    response.end();
    return;
  }
  const content = Buffer.from(JSON.stringify(body));
  const described = {
    'Content-Type': 'application/json; charset=utf-8',
    'Content-Length': `${content.length}`,
  };
  response.set({ ...described, ...headers }).end(content);
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
