import { randomUUID } from 'node:crypto';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { z } from '@consent-ledger/chaincode/wire';
import { FHIR_MEDIA_TYPE } from '@consent-ledger/chaincode/wire/http';
import express, { type Express, type NextFunction, type Request, type Response } from 'express';
import helmet from 'helmet';
import { csvOf, jsonLinesOf } from '../exports/csv.js';
import { ProjectionUnavailable, type ProjectionStore } from '../projection/store.js';
import { QUESTIONS } from '../questions/catalogue.js';
import { BadCursor } from '../questions/parameters.js';
import { everyPage, type Asking, type Question } from '../questions/question.js';
import type { QuestionLog } from '../questions/question-log.js';
import { projectionState } from '../questions/state.js';
import type { UnusualAnalyses } from '../unusual/unusual-analyses.js';
import { auditEventSearch, readAuditEvent, searchAuditEvents } from './fhir-search.js';
import { findingParser, recordFinding } from './findings-route.js';
import { openApiDocument, paging } from './openapi.js';
import { ReportAnswers } from './report-answers.js';
import { sendRefusal, ServiceRefusal } from './service-refusal.js';
import type { Authenticate } from './tokens.js';

export interface ServiceOptions {
  readonly store: ProjectionStore;
  /** Fingerprint of the ledger. */
  readonly ledger: string;
  readonly authenticate: Authenticate;
  readonly log: QuestionLog;
  /** What unusual access is answered from. */
  readonly unusual: UnusualAnalyses;
  /** Rows of a PDF, at most; `MOST_ROWS` unless told. */
  readonly reportRows?: number;
  /** Whether the projection has come up to the peer since the start; until then nothing is answered. */
  readonly isReady: () => boolean;
  /** Told of what is nobody's input's fault. */
  readonly onFailure: (error: unknown, requestId: string) => void;
}

const EXPORT_PAGE = 1_000;
const FINDINGS_PATH = '/v1/audit/findings';

/** The auditor's questions over HTTPS, for role `auditor` alone: `GET /v1/audit/<question>`, what was found of an access, and FHIR AuditEvents. */
export function createAuditApp(options: ServiceOptions): Express {
  const app = express();
  const reports = new ReportAnswers(options.ledger, options.reportRows);
  app.disable('x-powered-by');
  app.set('query parser', 'simple');
  app.use(helmet());
  app.use((_request, response, next) => {
    const requestId = randomUUID();
    response.locals['requestId'] = requestId;
    response.set({ 'X-Request-Id': requestId, 'Cache-Control': 'no-store' });
    next();
  });
  app.get('/healthz', (_request, response) => {
    response.json({ status: 'up' });
  });
  app.get('/readyz', (_request, response) => {
    const isReady = options.isReady();
    response.status(isReady ? 200 : 503).json({ status: isReady ? 'ready' : 'catching up' });
  });
  app.get('/openapi.json', (_request, response) => {
    response.json(openApiDocument());
  });
  app.use(['/v1', '/fhir'], async (request, response, next) => {
    response.locals['who'] = await options.authenticate(request.headers.authorization);
    if (!options.isReady()) throw new ServiceRefusal('projection-unavailable');
    next();
  });
  for (const question of QUESTIONS)
    app.get(`/v1/audit/${question.name}`, (request, response) =>
      answer(question, request, response, { ...options, reports }),
    );
  app.get('/v1/audit/status', async (request, response) => {
    parse(z.strictObject({}), request.query);
    note(response, options, 'status', {});
    response.json(await projectionState(options.store));
  });
  app.post(FINDINGS_PATH, findingParser, recordFinding(options));
  app.get('/fhir/r4/AuditEvent', async (request, response) => {
    const search = parse(auditEventSearch, request.query);
    note(response, options, 'AuditEvent', textsOf(request));
    const asked = new URL(request.originalUrl, 'https://localhost').searchParams;
    fhir(response).send(JSON.stringify(await searchAuditEvents(options.store, search, asked)));
  });
  app.get('/fhir/r4/AuditEvent/:id', async (request, response) => {
    const { id } = parse(z.strictObject({ id: z.string().max(64) }), request.params);
    note(response, options, 'AuditEvent', { _id: id });
    fhir(response).send(JSON.stringify(await readAuditEvent(options.store, id)));
  });
  app.use((request) => {
    const isKnown = request.method !== 'GET' || request.path === FINDINGS_PATH;
    throw new ServiceRefusal(isKnown ? 'method-not-allowed' : 'not-found');
  });
  app.use((error: unknown, request: Request, response: Response, next: NextFunction) => {
    // What is cut off in the middle must not look whole: Express ends the connection.
    if (response.headersSent) next(error);
    else refuse(error, request, response, options);
  });
  return app;
}

async function answer(
  question: Question,
  request: Request,
  response: Response,
  options: ServiceOptions & { readonly reports: ReportAnswers },
): Promise<void> {
  const { limit, cursor, format, rest } = pagingOf(request.query);
  const given = parse(question.parameters, rest);
  note(response, options, question.name, textsOf(request));
  const asking: Asking = {
    db: options.store.db,
    now: Date.now(),
    limit: format === 'json' ? limit : EXPORT_PAGE,
    unusual: options.unusual,
    ...(cursor !== undefined && { cursor }),
  };
  if (format === 'json') {
    response.json(await question.ask(asking, given));
    return;
  }
  if (format === 'pdf') {
    if (question.name !== 'disclosures')
      throw new ServiceRefusal('parameter-malformed', [
        { path: 'query.format', message: 'is for disclosures' },
      ]);
    await options.reports.send(asking, given, response);
    return;
  }
  const pages = everyPage(question, asking, given);
  response.type(format === 'csv' ? 'text/csv; charset=utf-8; header=present' : 'application/x-ndjson');
  const content = format === 'csv' ? csvOf(question.columns, pages) : jsonLinesOf(pages);
  await pipeline(Readable.from(content), response);
}

/** The parameters that every question takes, and the others. */
function pagingOf(query: Request['query']): z.output<typeof paging> & { rest: Record<string, unknown> } {
  const isOwn = ([name]: readonly [string, unknown]): boolean => Object.hasOwn(paging.shape, name);
  const entries = Object.entries(query);
  const rest = Object.fromEntries(entries.filter((entry) => !isOwn(entry)));
  return { ...parse(paging, Object.fromEntries(entries.filter(isOwn))), rest };
}

/** In the log before it is answered. */
function note(
  response: Response,
  { log }: ServiceOptions,
  question: string,
  parameters: Readonly<Record<string, string>>,
): void {
  const { who } = response.locals as { who: string };
  log.append({ who, via: 'api', question, parameters });
}

/** The query as text, for the log. */
function textsOf({ query }: Request): Record<string, string> {
  // The simple parser makes texts, and lists of them where a name is repeated.
  const texts = Object.entries(query as Readonly<Record<string, string | string[]>>);
  return Object.fromEntries(texts.map(([name, value]) => [name, [value].flat().join(' ')]));
}

function parse<Schema extends z.ZodType>(schema: Schema, value: unknown): z.output<Schema> {
  // A parsed query has no prototype.
  const parsed = schema.safeParse({ ...(value as object) });
  if (parsed.success) return parsed.data;
  const errors = parsed.error.issues.slice(0, 20).map((issue) => ({
    path: `query${issue.path.map((step) => `.${String(step)}`).join('')}`,
    message: issue.code === 'unrecognized_keys' ? 'has names that nothing is known by' : issue.message,
  }));
  throw new ServiceRefusal('parameter-malformed', errors);
}

function fhir(response: Response): Response {
  return response.type(`${FHIR_MEDIA_TYPE}; charset=utf-8`);
}

function refuse(error: unknown, request: Request, response: Response, { onFailure }: ServiceOptions): void {
  const { requestId } = response.locals as { requestId?: string };
  const id = requestId ?? randomUUID();
  const refusal = refusalOf(error);
  if (refusal.code === 'gateway-failed' || refusal.code === 'projection-unavailable') onFailure(error, id);
  if (refusal.code === 'method-not-allowed')
    response.set('Allow', request.path === FINDINGS_PATH ? 'POST' : 'GET, HEAD');
  sendRefusal(response, refusal, id, request.path.startsWith('/fhir/'));
}

function refusalOf(error: unknown): ServiceRefusal {
  if (error instanceof ServiceRefusal) return error;
  if (error instanceof BadCursor)
    return new ServiceRefusal('parameter-malformed', [{ path: 'query.cursor', message: error.message }]);
  // What express's own parser finds wrong with a body.
  const { status } = error as { readonly status?: unknown };
  if (typeof status === 'number' && status >= 400 && status < 500)
    return new ServiceRefusal(status === 413 ? 'body-too-large' : 'body-malformed', [], { cause: error });
  const code = error instanceof ProjectionUnavailable ? 'projection-unavailable' : 'gateway-failed';
  return new ServiceRefusal(code, [], { cause: error });
}
