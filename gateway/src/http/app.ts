import { randomUUID } from 'node:crypto';
import express, { type Express, type NextFunction, type Request, type Response } from 'express';
import helmet from 'helmet';
import type { Metrics } from '../ports/metrics.js';
import type { Logger } from '../ports/logger.js';
import { Refusal } from '../usecases/refusal.js';
import { isFhir, sendOutcome } from './fhir/outcome.js';
import { createDocumentation } from './documentation.js';
import { problemOf, sendProblem } from './problems.js';
import { createRouter, requestIdOf, type RouterOptions } from './router.js';

export interface AppOptions extends RouterOptions {
  readonly metrics: Metrics;
  readonly log: Logger;
  readonly title: string;
}

/** The whole HTTP side of a gateway: what is not a route is refused, whatever fails is a problem document. */
export function createApp(options: AppOptions): Express {
  const app = express();
  app.disable('x-powered-by').disable('etag').enable('case sensitive routing').enable('strict routing');
  app.use((_request, response, next) => {
    response.locals['requestId'] = randomUUID();
    response.set('X-Request-Id', requestIdOf(response));
    next();
  });
  app.use(observed(options.metrics, options.log));
  app.use(
    helmet({
      contentSecurityPolicy: {
        useDefaults: false,
        directives: { defaultSrc: ["'none'"], frameAncestors: ["'none'"] },
      },
      xFrameOptions: { action: 'deny' },
      strictTransportSecurity: { maxAge: 31_536_000 },
    }),
  );
  app.use(createRouter(options));
  app.use(createDocumentation(options.title, options.handlers));
  app.use((_request, _response, next) => {
    next(new Refusal('route-unknown'));
  });
  app.use(failed(options.log));
  return app;
}

function observed(metrics: Metrics, log: Logger) {
  return (request: Request, response: Response, next: NextFunction): void => {
    const began = performance.now();
    response.once('close', () => {
      const { operation = 'none' } = response.locals as { operation?: string };
      const milliseconds = Math.round(performance.now() - began);
      // 499: the caller hung up before the answer was complete.
      const status = response.writableFinished ? response.statusCode : 499;
      metrics.answered(operation, status, milliseconds / 1000);
      log.info('http.answered', {
        requestId: requestIdOf(response),
        operation,
        method: request.method,
        status,
        milliseconds,
      });
    });
    next();
  };
}

/** Most bytes of a refused body that are read for the sake of its sender. */
const LINGER_BYTES = 32 * 1024 * 1024;

function failed(log: Logger) {
  // Express tells an error handler by its four parameters.
  return (error: unknown, request: Request, response: Response, next: NextFunction): void => {
    if (response.writableFinished) {
      // The answer was complete: nothing is left to say.
      next();
      return;
    }
    const requestId = requestIdOf(response);
    const refusal = refusalOf(error);
    const problem = problemOf(refusal, requestId);
    if (problem.status >= 500) log.error('http.failed', { requestId, code: problem.code, error });
    if (response.headersSent) {
      // Too late for a problem: the caller must see that the answer is not whole.
      request.socket.destroy();
      return;
    }
    if (!request.complete) {
      // A sender that is cut off in the middle of its body sees a broken connection instead of the answer: what is not much
      // is read and thrown away. Whoever announces more, or does not say how much, is not read to the end.
      if (Number(request.headers['content-length'] ?? Infinity) <= LINGER_BYTES) request.resume();
      else response.set('Connection', 'close');
    }
    response.removeHeader('Cache-Control');
    if (refusal instanceof Refusal && refusal.retryAfterSeconds !== undefined) {
      response.set('Retry-After', `${refusal.retryAfterSeconds}`);
    }
    if (isFhir(request)) sendOutcome(response, refusal);
    else sendProblem(response, problem);
  };
}

/** Express itself refuses some requests before a route sees them, such as a path with a broken escape. */
function refusalOf(error: unknown): unknown {
  if (error instanceof URIError) return new Refusal('parameter-malformed', { cause: error });
  return error;
}
