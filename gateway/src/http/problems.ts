import type { Conflict } from '@consent-ledger/chaincode/domain';
import { errorEntry, type ErrorCode } from '@consent-ledger/chaincode/wire';
import { PROBLEM_MEDIA_TYPE, type ProblemDocument } from '@consent-ledger/chaincode/wire/http';
import type { Response } from 'express';
import type { z } from 'zod';
import { Refusal } from '../usecases/refusal.js';

const MAX_ERRORS = 20;
const MAX_MESSAGE = 300;

/** Input that a schema refuses; says where and what was expected, never what was there. */
export function refusalOfInput(error: z.ZodError, root: string): Refusal {
  const errors = error.issues.slice(0, MAX_ERRORS).flatMap((issue) =>
    issue.code === 'unrecognized_keys'
      ? [
          {
            path: pathOf(root, issue.path),
            message: `has ${issue.keys.length} unknown name(s); only documented ones are taken`,
          },
        ]
      : [{ path: pathOf(root, issue.path), message: messageOf(issue) }],
  );
  return new Refusal(root === '$' ? 'body-malformed' : 'parameter-malformed', { errors });
}

function messageOf(issue: z.core.$ZodIssue): string {
  const text = issue.code === 'invalid_type' ? `must be ${article(issue.expected)}` : issue.message;
  return text.slice(0, MAX_MESSAGE);
}

function article(type: string): string {
  return /^[aeiou]/.test(type) ? `an ${type}` : `a ${type}`;
}

function pathOf(root: string, steps: readonly PropertyKey[]): string {
  return (
    root +
    steps.map((step) => (typeof step === 'number' ? `[${step}]` : `.${String(step).slice(0, 64)}`)).join('')
  );
}

/** The problem document of any error: what is no Refusal is `internal-error`, and only the log knows more. */
export function problemOf(error: unknown, requestId: string): ProblemDocument {
  const refusal = error instanceof Refusal ? error : new Refusal('gateway-failed');
  return documentOf(refusal.code, requestId, refusal);
}

function documentOf(
  code: ErrorCode,
  requestId: string,
  { errors, conflicts, event }: Refusal,
): ProblemDocument {
  const { status, action } = errorEntry(code);
  return {
    type: `urn:consent-ledger:problem:${code}`,
    title: titleOf(code),
    status,
    code,
    detail: action,
    instance: `urn:uuid:${requestId}`,
    ...(errors.length === 0
      ? {}
      : {
          errors: errors.slice(0, MAX_ERRORS).map(({ path, message, readings }) => ({
            path,
            message,
            ...(readings === undefined ? {} : { readings: [...readings] }),
          })),
        }),
    ...(conflicts.length === 0 ? {} : { conflicts: conflicts.map(conflictOf) }),
    ...(event === undefined ? {} : { event: event.key, transaction: event.transaction, block: event.block }),
  };
}

function conflictOf({ permit, deny, question }: Conflict): NonNullable<ProblemDocument['conflicts']>[number] {
  return {
    permit,
    deny: { ...deny },
    question: JSON.parse(JSON.stringify(question)) as Record<string, never>,
  };
}

export function titleOf(code: ErrorCode): string {
  return code.charAt(0).toUpperCase() + code.slice(1).replaceAll('-', ' ');
}

/** Sends a problem with the headers that belong to its status. */
export function sendProblem(response: Response, problem: ProblemDocument): void {
  prepareRefusal(response, problem).type(PROBLEM_MEDIA_TYPE).send(JSON.stringify(problem));
}

/** Status of a refusal, and the headers that belong to it. */
export function prepareRefusal(
  response: Response,
  problem: Pick<ProblemDocument, 'status' | 'code'>,
): Response {
  if (problem.status === 401) {
    const known = problem.code === 'token-missing' ? '' : ', error="invalid_token"';
    response.set('WWW-Authenticate', `Bearer realm="consent-ledger"${known}`);
  }
  if ((problem.status === 503 || problem.status === 429) && !response.hasHeader('Retry-After')) {
    response.set('Retry-After', '1');
  }
  return response.status(problem.status);
}
