import { pino } from 'pino';
import { EndorsementError } from '../ports/ledger.js';
import type { LogFields, Logger } from '../ports/logger.js';

/** Logs to standard error, one JSON object a line: `{"level","time","event",...fields}`. */
export function createLogger(level: 'error' | 'warn' | 'info' | 'debug'): Logger {
  const log = pino(
    {
      level,
      base: null,
      messageKey: 'event',
      timestamp: () => `,"time":"${new Date().toISOString()}"`,
      formatters: { level: (label) => ({ level: label }) },
    },
    pino.destination({ fd: 2, sync: true }),
  );
  return {
    info: (event, fields = {}) => {
      log.info(allowed(fields), event);
    },
    warn: (event, fields = {}) => {
      log.warn(allowed(fields), event);
    },
    error: (event, fields = {}) => {
      log.error(allowed(fields), event);
    },
  };
}

const FIELDS = [
  'requestId',
  'operation',
  'method',
  'status',
  'milliseconds',
  'code',
  'member',
  'transaction',
  'block',
  'height',
  'count',
  'attempt',
  'signal',
  'address',
] as const satisfies readonly (keyof LogFields)[];

function allowed(fields: LogFields): Record<string, unknown> {
  const line: Record<string, unknown> = {};
  for (const field of FIELDS) if (fields[field] !== undefined) line[field] = fields[field];
  if (fields.error !== undefined) line['error'] = describe(fields.error, 3);
  return line;
}

/** Names, codes and places of an error and its causes. Messages stay out: they may quote what somebody sent. */
function describe(error: unknown, depth: number): object {
  if (!(error instanceof Error)) return { name: typeof error };
  const { code } = error as { code?: unknown };
  return {
    name: error.name,
    ...(typeof code === 'string' || typeof code === 'number' ? { code } : {}),
    ...(error instanceof EndorsementError ? { peers: error.peers } : {}),
    at: (error.stack ?? '')
      .split('\n')
      .filter((line) => /^\s+at /.test(line))
      .slice(0, 8)
      .map((line) => line.trim()),
    ...(error.cause === undefined || depth === 0 ? {} : { cause: describe(error.cause, depth - 1) }),
  };
}
