import { errorEntry, type ErrorCode } from '@consent-ledger/chaincode/wire';
import type { Conflict, Problem } from '@consent-ledger/chaincode/domain';
import type { Request, Response } from 'express';
import { FHIR_MEDIA_TYPE } from '@consent-ledger/chaincode/wire/http';
import { Refusal } from '../../usecases/refusal.js';
import { prepareRefusal, titleOf } from '../problems.js';

export interface Issue {
  readonly severity: 'error' | 'warning' | 'information';
  /** Code of http://hl7.org/fhir/issue-type. */
  readonly code: string;
  readonly details: { readonly coding?: readonly object[]; readonly text: string };
  readonly diagnostics?: string;
  readonly location?: readonly string[];
  readonly expression?: readonly string[];
  readonly extension?: readonly object[];
}

const MAX_ISSUES = 20;

export const CONFLICT_EXTENSION = 'urn:consent-ledger:fhir:conflict';

/** An OperationOutcome of those issues; without any it would be none (R4 and R5, OperationOutcome.issue 1..*). */
export function outcomeOf(issues: readonly Issue[]): object {
  return { resourceType: 'OperationOutcome', issue: issues.slice(0, MAX_ISSUES) };
}

export function informationOf(text: string): object {
  return outcomeOf([{ severity: 'information', code: 'informational', details: { text } }]);
}

/** Whether a call is answered in FHIR's words, whatever becomes of it. */
export function isFhir(request: Request): boolean {
  return request.path.startsWith('/fhir/');
}

/** Sends an OperationOutcome in the place of a problem document; what is no Refusal is told to the log alone. */
export function sendOutcome(response: Response, error: unknown): void {
  const refusal = error instanceof Refusal ? error : new Refusal('gateway-failed');
  const { status } = errorEntry(refusal.code);
  prepareRefusal(response, { status, code: refusal.code })
    .type(`${FHIR_MEDIA_TYPE}; charset=utf-8`)
    .send(Buffer.from(JSON.stringify(refusedOutcome(refusal))));
}

/** The OperationOutcome that says a refusal. */
export function refusedOutcome(refusal: Refusal): object {
  return outcomeOf(issuesOf(refusal));
}

/** What a refusal says in FHIR's words: one issue for each thing that is wrong, with the element that it is about. */
function issuesOf({ code, errors, conflicts }: Refusal): readonly Issue[] {
  const issue: Issue = {
    severity: 'error',
    code: issueTypeOf(code),
    details: { coding: [{ system: 'urn:consent-ledger:problem', code }], text: titleOf(code) },
    diagnostics: errorEntry(code).action,
  };
  if (conflicts.length > 0) return conflicts.map((conflict) => conflictIssue(issue, conflict));
  return errors.length === 0 ? [issue] : errors.map((problem) => problemIssue(issue, problem));
}

function problemIssue(issue: Issue, { path, message, readings }: Problem): Issue {
  const text = readings === undefined ? message : `${message}; either ${readings.join(', or ')}`;
  return { ...issue, ...placeOf(path), diagnostics: `${path} ${text}. ${issue.diagnostics ?? ''}`.trim() };
}

/** Elements are named by FHIRPath, what is no element by `location`, as FHIR does for HTTP parameters. */
function placeOf(path: string): Pick<Issue, 'expression' | 'location'> {
  if (path === '$') return { expression: ['Consent'] };
  if (path.startsWith('$')) return { expression: [path.replace('$', 'Consent')] };
  const [, kind, name = ''] = /^(path|query|header)\.(.+)$/.exec(path) ?? [];
  if (kind === undefined) return { expression: [path] };
  return { location: [kind === 'header' ? `http.header.${name}` : `http.${name}`] };
}

function conflictIssue(issue: Issue, { permit, deny, question }: Conflict): Issue {
  const { consent, version, path } = deny;
  const reference = `Consent/${consent}/_history/${version}`;
  return {
    ...issue,
    expression: [permit],
    diagnostics: `${permit} permits what ${path} of ${reference} denies. ${issue.diagnostics ?? ''}`,
    extension: [
      {
        url: CONFLICT_EXTENSION,
        extension: [
          { url: 'deny', valueReference: { reference } },
          { url: 'path', valueString: path },
          { url: 'question', valueString: JSON.stringify(question) },
        ],
      },
    ],
  };
}

const TYPES: Partial<Record<ErrorCode, string>> = {
  'body-malformed': 'structure',
  'consent-already-filed': 'duplicate',
  'consent-refused': 'invalid',
  'parameter-malformed': 'value',
  'role-missing': 'forbidden',
  'subject-unknown': 'not-found',
  'too-many-requests': 'throttled',
};

const TYPES_BY_STATUS: Readonly<Record<number, string>> = {
  400: 'invalid',
  401: 'login',
  403: 'forbidden',
  404: 'not-found',
  405: 'not-supported',
  406: 'not-supported',
  409: 'conflict',
  410: 'deleted',
  412: 'conflict',
  413: 'too-long',
  415: 'not-supported',
  422: 'business-rule',
  502: 'transient',
  503: 'transient',
  504: 'timeout',
};

/** Codes of http://hl7.org/fhir/issue-type, a required binding. */
function issueTypeOf(code: ErrorCode): string {
  return TYPES[code] ?? TYPES_BY_STATUS[errorEntry(code).status] ?? 'exception';
}
