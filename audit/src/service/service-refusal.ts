import { errorEntry, type ErrorCode } from '@consent-ledger/chaincode/wire';
import {
  FHIR_MEDIA_TYPE,
  PROBLEM_MEDIA_TYPE,
  type ProblemDocument,
} from '@consent-ledger/chaincode/wire/http';
import type { Response } from 'express';

/** A call that is not answered; `errors` says which parameters are wrong, never what they were. */
export class ServiceRefusal extends Error {
  override readonly name = 'ServiceRefusal';

  constructor(
    readonly code: ErrorCode,
    readonly errors: readonly { readonly path: string; readonly message: string }[] = [],
    options?: ErrorOptions,
  ) {
    super(code, options);
  }
}

/** RFC 9457, as the gateways answer. */
export function problemOf({ code, errors }: ServiceRefusal, requestId: string): ProblemDocument {
  const { status, action } = errorEntry(code);
  return {
    type: `urn:consent-ledger:problem:${code}`,
    title: titleOf(code),
    status,
    code,
    detail: action,
    instance: `urn:uuid:${requestId}`,
    ...(errors.length > 0 && { errors: errors.map((one) => ({ ...one })) }),
  };
}

export function sendRefusal(
  response: Response,
  refusal: ServiceRefusal,
  requestId: string,
  isFhir: boolean,
): void {
  const { status } = errorEntry(refusal.code);
  if (status === 401) {
    const known = refusal.code === 'token-missing' ? '' : ', error="invalid_token"';
    response.set('WWW-Authenticate', `Bearer realm="consent-ledger"${known}`);
  }
  if (status === 503 || status === 429) response.set('Retry-After', '1');
  response
    .status(status)
    .type(isFhir ? FHIR_MEDIA_TYPE : PROBLEM_MEDIA_TYPE)
    .send(JSON.stringify(isFhir ? outcomeOf(refusal) : problemOf(refusal, requestId)));
}

/** http://hl7.org/fhir/issue-type */
const ISSUE_TYPES: Readonly<Record<number, string>> = {
  400: 'value',
  401: 'login',
  403: 'forbidden',
  404: 'not-found',
  405: 'not-supported',
  503: 'transient',
};

function outcomeOf({ code, errors }: ServiceRefusal): object {
  const { status, action } = errorEntry(code);
  const issue = {
    severity: 'error',
    code: ISSUE_TYPES[status] ?? 'exception',
    details: { coding: [{ system: 'urn:consent-ledger:problem', code }], text: titleOf(code) },
  };
  const issues =
    errors.length === 0
      ? [{ ...issue, diagnostics: action }]
      : errors.map(({ path, message }) => ({
          ...issue,
          diagnostics: `${path} ${message}. ${action}`,
          location: [`http.${path.replace('query.', '')}`],
        }));
  return { resourceType: 'OperationOutcome', issue: issues };
}

function titleOf(code: string): string {
  return code.charAt(0).toUpperCase() + code.slice(1).replaceAll('-', ' ');
}
