import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { pino } from 'pino';
import { EndorsementError } from '../ports/ledger.js';
import type { LogFields, Logger } from '../ports/logger.js';

/** How long the end of a process waits for whoever reads its log, milliseconds, unless it is told otherwise. */
const LAST_LINES_MS = 2_000;

/** A log of which lines may still wait for its reader. */
export interface WaitingLogger extends Logger {
  /**
   * For the end of the process: true once everything is written, false when its reader has been waited for long enough. An ordinary end would
   * go on waiting then, since Node writes what is left.
   */
  written(): Promise<boolean>;
}

/** Characters that wait for whoever reads the log; what would come on top is counted, not kept. */
const MOST_WAITING = 8 * 1024 * 1024;

/**
 * Logs to standard error, one JSON object a line: `{"level","time","event",...fields}`. A reader that is slow holds up nobody: lines wait
 * for it in memory, and those that find no room there are told of by their number (`log.dropped`) once there is room again.
 */
export function createLogger(
  level: 'error' | 'warn' | 'info' | 'debug',
  lastLinesMs = LAST_LINES_MS,
): WaitingLogger {
  const destination = pino.destination({ fd: 2, sync: false, maxLength: MOST_WAITING });
  const log = pino(
    {
      level,
      base: null,
      messageKey: 'event',
      timestamp: () => `,"time":"${new Date().toISOString()}"`,
      formatters: { level: (label) => ({ level: label }) },
    },
    destination,
  );
  let dropped = 0;
  let isWaiting = false;
  const say = (at: 'error' | 'warn' | 'info', event: string, fields: LogFields): void => {
    if (!log.isLevelEnabled(at)) return;
    isWaiting = true;
    log[at](allowed(fields), event);
  };
  destination.on('drop', () => {
    dropped += 1;
  });
  destination.on('drain', () => {
    isWaiting = false;
    if (dropped === 0) return;
    const count = dropped;
    dropped = 0;
    say('warn', 'log.dropped', { count });
  });
  return {
    info: (event, fields = {}) => {
      say('info', event, fields);
    },
    warn: (event, fields = {}) => {
      say('warn', event, fields);
    },
    error: (event, fields = {}) => {
      say('error', event, fields);
    },
    written: async () => {
      const patience = AbortSignal.timeout(lastLinesMs);
      while (isWaiting && !patience.aborted)
        await Promise.race([once(destination, 'drain'), sleep(lastLinesMs, undefined, { ref: false })]);
      return !isWaiting;
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
