import type { Operation } from '@consent-ledger/chaincode/wire/http';

/** What each status of a refusal says; docs/errors.md has the codes behind them. */
export const REFUSALS: Readonly<Record<number, string>> = {
  400: 'Malformed; `errors` names where',
  401: 'No token, or one that does not count here; or a signature of nobody who is known',
  403: 'Not for this caller',
  404: 'Nothing of that name, or nothing that the caller may see',
  406: 'Cannot be answered in what is accepted',
  409: 'Does not go with what is there; or something else was first each time',
  410: 'Erased',
  412: 'The newest version is another one than If-Match names',
  413: 'The body is too large',
  415: 'The media type or encoding of the body is not taken',
  422: 'Understood, and refused by the rules; `errors` names where',
  429: 'A limit is reached; Retry-After says when to try again',
  500: 'Something that should not happen',
  502: 'The other member did not answer, or not as it should',
  503: 'Something is out of reach, or stopping; Retry-After says when to try again',
  504: 'Not known yet: no block, or no value, within the deadline',
};

/** Statuses of the refusals that an operation can answer with, from what it takes and does. */
export function refusalStatuses(operation: Operation): readonly number[] {
  const { method, caller, body, headers, speaks, tag } = operation;
  const statuses = new Set([400, 500, 503]);
  const add = (condition: boolean, ...more: readonly number[]): void => {
    if (condition) for (const status of more) statuses.add(status);
  };
  add(caller !== 'public', 401, 403, 404, 410, 429, 504);
  add(body !== undefined, 413, 415);
  add(method !== 'get', 409, 422);
  add(speaks === 'fhir', 406);
  add(headers !== undefined && 'if-match' in headers.shape, 412);
  add(tag === 'records' || tag === 'gateways', 409, 422, 502);
  return [...statuses].sort((a, b) => a - b);
}
