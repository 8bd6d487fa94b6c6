type Level = 'info' | 'warn' | 'error';

/**
 * One JSON line on standard output for each event. Fields are named by the callers here and hold no private
 * data.
 */
export function logEvent(
  level: Level,
  event: string,
  fields: Readonly<Record<string, string | number>> = {},
): void {
  process.stdout.write(`${JSON.stringify({ time: new Date().toISOString(), level, event, ...fields })}\n`);
}

/** An error's kind and place; its message may repeat keys, so only a stack's frames are kept. */
export function errorFields(error: unknown): { error: string; at: string } {
  if (!(error instanceof Error)) return { error: typeof error, at: '' };
  const frames = error.stack?.split('\n').filter((line) => line.startsWith('    at ')) ?? [];
  return {
    error: error.name,
    at: frames
      .slice(0, 5)
      .map((line) => line.trim())
      .join(' | '),
  };
}
