import { createHash } from 'node:crypto';
import { errorEntry } from '@consent-ledger/chaincode/wire';
import {
  IDEMPOTENCY_HEADER,
  IDEMPOTENT_OPERATIONS,
  idempotencyKey,
  type OperationName,
} from '@consent-ledger/chaincode/wire/http';
import type { Request } from 'express';
import type { IdempotencyStore, KeptAnswer } from '../ports/idempotency-store.js';
import type { User } from '../ports/token-verifier.js';
import { withinRun } from '../usecases/idempotent-run.js';
import { Refusal } from '../usecases/refusal.js';
import { refusalOfInput } from './problems.js';

/** Headers that are part of what is asked. */
const ASKED = [
  'accept',
  'content-length',
  'content-type',
  'consent-ledger-descriptor',
  'consent-ledger-evidence',
  'if-match',
  'if-none-match',
  'prefer',
] as const;

/** What came of a request, as it is kept: an answer, or nothing where the answer is no JSON and is not kept. */
export interface Kept {
  readonly answer: KeptAnswer | undefined;
}

export interface IdempotentCall {
  readonly name: OperationName;
  readonly request: Request;
  readonly user: User | undefined;
  /** Parsed; undefined where it is a stream. */
  readonly body: unknown;
}

/** The key of a call that changes something; undefined where it has none. Throws a Refusal `parameter-malformed`. */
export function keyOf({ name, request, user }: Omit<IdempotentCall, 'body'>): string | undefined {
  if (user === undefined || !IDEMPOTENT_OPERATIONS.has(name)) return undefined;
  const parsed = idempotencyKey.safeParse(request.headers[IDEMPOTENCY_HEADER]);
  if (!parsed.success) throw refusalOfInput(parsed.error, `header.${IDEMPOTENCY_HEADER}`);
  if (parsed.data === undefined) return undefined;
  return createHash('sha256')
    .update(JSON.stringify([user.subject, parsed.data]))
    .digest('base64url');
}

/**
 * Does a request under its key once, and answers the same request with the same answer from then on. What may yet succeed is not kept:
 * the next attempt makes the same ids, and goes by what became of the transactions of the one before. Throws a Refusal:
 * `idempotency-key-reused`, `idempotency-in-progress`, and what `work` throws.
 */
export async function once(
  id: string,
  call: IdempotentCall,
  store: IdempotencyStore,
  work: () => Promise<Kept>,
  refused: (refusal: Refusal) => KeptAnswer,
): Promise<Kept> {
  const claim = store.claim(id, fingerprintOf(call));
  if (claim.kind === 'other-request') throw new Refusal('idempotency-key-reused');
  if (claim.kind === 'in-progress') throw new Refusal('idempotency-in-progress');
  if (claim.kind === 'answered') return { answer: claim.answer };
  try {
    const run = {
      seed: claim.seed,
      attempted: (step: number) => store.attempted(id, step),
      attempting: (step: number, transaction: string) => {
        store.attempting(id, step, transaction);
      },
    };
    const kept = await withinRun(run, work);
    if (kept.answer === undefined) store.release(id);
    else store.answer(id, kept.answer);
    return kept;
  } catch (error) {
    if (isFinal(error)) store.answer(id, refused(error));
    else store.release(id);
    throw error;
  }
}

/** Reads a stream that was answered before, to see whether it is the same one. Throws a Refusal `idempotency-key-reused`. */
export async function requireSameStream(request: Request, { body }: KeptAnswer): Promise<void> {
  const hash = createHash('sha256');
  for await (const chunk of request) hash.update(chunk as Buffer);
  const { digest } = JSON.parse(body ?? '{}') as { readonly digest?: unknown };
  if (typeof digest === 'string' && digest !== hash.digest('base64url')) {
    throw new Refusal('idempotency-key-reused');
  }
}

/** Whether the same request could never come to anything else by itself. */
function isFinal(error: unknown): error is Refusal {
  if (!(error instanceof Refusal)) return false;
  const { status, retryable } = errorEntry(error.code);
  return status < 500 && !retryable;
}

function fingerprintOf({ request, body }: IdempotentCall): string {
  const headers = ASKED.map((name) => request.headers[name] ?? null);
  // With the key itself, which is kept nowhere: a digest of what few could be is no secret.
  const key = idempotencyKey.safeParse(request.headers[IDEMPOTENCY_HEADER]).data ?? null;
  const asked = [request.method, request.originalUrl, headers, body ?? null, key];
  return createHash('sha256').update(JSON.stringify(asked)).digest('base64url');
}
