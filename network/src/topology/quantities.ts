import { z } from 'zod';

const DURATION = /^(\d{1,9})(ms|s|m|h)$/;
const DURATION_UNITS: Readonly<Record<string, number>> = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000 };

const SIZE = /^(\d{1,9}) ?(B|KiB|MiB)$/;
const SIZE_UNITS: Readonly<Record<string, number>> = { B: 1, KiB: 1_024, MiB: 1_048_576 };

function quantity(
  text: string,
  pattern: RegExp,
  units: Readonly<Record<string, number>>,
): number | undefined {
  const match = pattern.exec(text);
  const unit = units[match?.[2] ?? ''];
  return match && unit !== undefined ? Number(match[1]) * unit : undefined;
}

/** A duration such as `100ms` or `2s`, parsed to milliseconds within [least, most]. */
export function duration(least: number, most: number): z.ZodType<number, string> {
  return bounded(
    `a duration from ${least}ms to ${most}ms, such as 100ms or 2s`,
    DURATION,
    DURATION_UNITS,
    least,
    most,
  );
}

/** A size such as `512 KiB` or `10 MiB`, parsed to bytes within [least, most]. */
export function size(least: number, most: number): z.ZodType<number, string> {
  return bounded(
    `a size from ${least / 1_024} KiB to ${most / 1_048_576} MiB, such as 512 KiB or 2 MiB`,
    SIZE,
    SIZE_UNITS,
    least,
    most,
  );
}

function bounded(
  expected: string,
  pattern: RegExp,
  units: Readonly<Record<string, number>>,
  least: number,
  most: number,
): z.ZodType<number, string> {
  return z.string(expected).transform((text, context) => {
    const value = quantity(text, pattern, units);
    if (value === undefined || value < least || value > most) {
      context.issues.push({ code: 'custom', message: expected, input: text });
      return z.NEVER;
    }
    return value;
  });
}

/** Milliseconds as Go's `time.Duration` text, for Fabric's configuration values. */
export function goDuration(milliseconds: number): string {
  return milliseconds % 1_000 === 0 ? `${milliseconds / 1_000}s` : `${milliseconds}ms`;
}
