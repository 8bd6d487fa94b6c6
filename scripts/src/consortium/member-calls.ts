import { problemSchema } from '@consent-ledger/chaincode/wire/http';
import { createInterface } from 'node:readline';
import { buffer } from 'node:stream/consumers';
import type { z } from 'zod';
import type { HttpsResponse } from '../https.js';
import { EXIT, UserError } from '../user-error.js';
import type { MemberClient } from './member-client.js';

const DEADLINE_MS = 60_000;

/** One call at a member's gateway. Throws a UserError that says what the gateway refuses, and why. */
export async function call<Answer>(
  client: MemberClient,
  method: 'GET' | 'POST' | 'PUT',
  path: string,
  schema: z.ZodType<Answer>,
  body?: object,
): Promise<Answer> {
  const response = await client.send({
    method,
    path,
    deadlineMs: DEADLINE_MS,
    ...(body === undefined
      ? {}
      : { headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) }),
  });
  return schema.parse(JSON.parse(answered(response).toString('utf8')));
}

/** Something of another type than JSON, as it came. */
export async function callBytes(client: MemberClient, path: string): Promise<Buffer> {
  return answered(await client.send({ method: 'GET', path, deadlineMs: DEADLINE_MS }));
}

/** A POST that is answered line by line, each JSON. Throws a UserError for a refusal, or where the answer breaks off. */
export async function* callLines(
  client: MemberClient,
  path: string,
  body: object,
  deadlineMs: number,
): AsyncGenerator {
  const headers = { 'content-type': 'application/json' };
  const response = await client.open({
    method: 'POST',
    path,
    headers,
    body: JSON.stringify(body),
    deadlineMs,
  });
  if (response.status >= 300) answered({ ...response, body: await buffer(response.body) });
  try {
    for await (const line of createInterface({ input: response.body, crlfDelay: Infinity }))
      yield JSON.parse(line);
    // A stream that is cut off ends its last line as if it were whole.
    if (!response.body.complete) throw new Error('the connection was cut');
  } catch (cause) {
    throw new UserError('The answer broke off: what came is not all.', EXIT.failed, { cause });
  }
}

function answered({ status, body }: HttpsResponse): Buffer {
  if (status < 300) return body;
  const problem = problemSchema.safeParse(jsonOf(body)).data;
  if (problem === undefined) throw new UserError(`The gateway answered with status ${status}.`, EXIT.failed);
  const wrong = (problem.errors ?? []).map(({ path, message }) => `\n  ${path} ${message}`).join('');
  throw new UserError(`${problem.title} (${problem.code}): ${problem.detail ?? ''}${wrong}`, EXIT.failed);
}

function jsonOf(bytes: Buffer): unknown {
  try {
    return JSON.parse(bytes.toString('utf8'));
  } catch {
    return undefined; // No problem document.
  }
}
