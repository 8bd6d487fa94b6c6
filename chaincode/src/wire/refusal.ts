import type { z } from 'zod';
import { ERRORS, type ErrorCode } from './errors.js';

/**
 * A command or query that chaincode refuses: a code of the catalogue and the places that are wrong, never
 * their values.
 */
export class Refusal extends Error {
  override readonly name = 'Refusal';

  constructor(
    readonly code: ErrorCode,
    readonly paths: readonly string[] = [],
  ) {
    super(refusalText(code, paths));
  }
}

const MAX_PATHS = 20;

/** `<code>`, or `<code> ["<path>",...]`: the whole text of a chaincode error. */
export function refusalText(code: ErrorCode, paths: readonly string[] = []): string {
  return paths.length === 0 ? code : `${code} ${JSON.stringify(paths.slice(0, MAX_PATHS))}`;
}

/**
 * Finds a refusal in the text of a ledger's error, such as `chaincode response 500, subject-unknown`.
 * @returns undefined where the text holds none: then chaincode, peer or network failed in some other way
 */
export function parseRefusal(text: string): { code: ErrorCode; paths: string[] } | undefined {
  const match = /(?:^|[\s,])([a-z]+(?:-[a-z]+)+)(?: (\["[^\n]*"\]))?$/.exec(text);
  const code = match?.[1];
  if (code === undefined || !isErrorCode(code)) return undefined;
  return { code, paths: readPaths(match?.[2]) };
}

export function isErrorCode(code: string): code is ErrorCode {
  return Object.hasOwn(ERRORS, code);
}

function readPaths(text: string | undefined): string[] {
  if (text === undefined) return [];
  try {
    const paths: unknown = JSON.parse(text);
    return Array.isArray(paths) ? paths.filter((path) => typeof path === 'string') : [];
  } catch {
    return []; // Cut short on its way; the code still says what happened.
  }
}

/**
 * JSON paths of what is wrong. Unknown names are given as `*`, since a name may hold what must not be in an
 * error.
 */
export function pathsOf(error: z.ZodError): string[] {
  const paths = new Set<string>();
  for (const issue of error.issues) {
    const place = issue.path.map(stepText).join('');
    paths.add(issue.code === 'unrecognized_keys' ? `$${place}.*` : `$${place}`);
  }
  return [...paths];
}

const PLAIN_NAME = /^[A-Za-z_]{1,40}$/;

function stepText(step: PropertyKey): string {
  if (typeof step === 'number') return `[${step}]`;
  const name = String(step);
  return PLAIN_NAME.test(name) ? `.${name}` : '.*';
}
