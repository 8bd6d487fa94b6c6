import type { z } from 'zod';
import { Refusal, pathsOf } from '../wire/refusal.js';
import { repeatedKey } from '../wire/repeated-key.js';

const UTF8 = new TextDecoder('utf-8', { fatal: true });

/** Longest command: a full batch of requests of the longest kind, with room. */
const MAX_LENGTH = 2 * 1024 * 1024;

/**
 * Parses what a caller sent, strictly.
 * @throws Refusal with the code given and the paths that are wrong
 */
export function parseMessage<Schema extends z.ZodType>(
  message: string | Uint8Array,
  schema: Schema,
  code: 'command-malformed' | 'query-malformed',
): z.output<Schema> {
  const parsed = schema.safeParse(readJson(message, code));
  if (!parsed.success) throw new Refusal(code, pathsOf(parsed.error));
  return parsed.data;
}

function readJson(message: string | Uint8Array, code: 'command-malformed' | 'query-malformed'): unknown {
  if (message.length > MAX_LENGTH) throw new Refusal(code, ['$']);
  let text: string;
  let value: unknown;
  try {
    text = typeof message === 'string' ? message : UTF8.decode(message);
    value = JSON.parse(text);
  } catch {
    throw new Refusal(code, ['$']); // The parser's own words would repeat the input.
  }
  if (repeatedKey(text) !== undefined) throw new Refusal(code, ['$']);
  return value;
}
