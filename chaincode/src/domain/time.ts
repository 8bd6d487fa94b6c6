import type { Interval } from './policy.js';

const SECOND = 1000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

/** The last instant that FHIR can write, in epoch milliseconds: it has years of four digits. */
const LAST_INSTANT = midnight(10_000, 1, 1) - 1;

/** A FHIR date or instant with the span that its precision means. */
interface FullInterval {
  readonly from: number;
  readonly until: number;
}

/**
 * Reads a FHIR dateTime (R4 2.24.0.1): year, month, day, or an instant with its zone. A date is UTC; `2024`
 * is all of 2024, a time to the second that whole second, one that is finer than a millisecond that whole
 * millisecond. Undefined if it is none (a time without a zone, a day that the month does not have).
 */
export function parseDateTime(text: string): FullInterval | undefined {
  const { length } = text;
  const year = number(text, 0, 4);
  if (year < 1) return undefined;
  if (length === 4) return { from: midnight(year, 1, 1), until: midnight(year + 1, 1, 1) };
  const month = text[4] === '-' ? number(text, 5, 2) : NONE;
  if (month < 1 || month > 12) return undefined;
  if (length === 7) {
    return {
      from: midnight(year, month, 1),
      until: month === 12 ? midnight(year + 1, 1, 1) : midnight(year, month + 1, 1),
    };
  }
  const day = text[7] === '-' ? number(text, 8, 2) : NONE;
  if (day < 1 || day > daysInMonth(year, month)) return undefined;
  const start = midnight(year, month, day);
  if (length === 10) return { from: start, until: start + DAY };
  return parseTime(text, start);
}

/** The time of `T10:00:00.000Z`, in its place after a date. */
function parseTime(text: string, midnightOfDay: number): FullInterval | undefined {
  if (text[10] !== 'T' || text[13] !== ':' || text[16] !== ':') return undefined;
  const hour = number(text, 11, 2);
  const minute = number(text, 14, 2);
  const second = number(text, 17, 2);
  // Seconds run to 60 in FHIR, for leap seconds; that second is counted as the one that follows.
  if (hour < 0 || hour > 23 || minute < 0 || minute > 59 || second < 0 || second > 60) return undefined;
  let zone = 19;
  if (text[19] === '.') {
    zone = 20;
    while (isDigit(text.charCodeAt(zone))) zone += 1;
    if (zone === 20) return undefined;
  }
  const offset = zoneOffset(text, zone);
  if (offset === undefined) return undefined;
  const from = midnightOfDay + hour * HOUR + minute * MINUTE + second * SECOND - offset;
  if (zone === 19) return { from, until: from + SECOND };
  const fraction = text.slice(20, zone);
  return { from: from + fractionMillis(fraction, 0), until: from + fractionMillis(fraction, 1) };
}

/** Epoch milliseconds of a FHIR instant: full date, time to the second or finer, zone. */
export function parseInstant(text: string): number | undefined {
  return text.includes('T') ? parseDateTime(text)?.from : undefined;
}

/**
 * FHIR instant in UTC, to the second or, where there is a fraction, the millisecond (rounded down). What lies
 * after the year 9999, as the end of `9999` does, is the last instant of it.
 */
export function formatInstant(epochMillis: number): string {
  const written = Math.min(epochMillis, LAST_INSTANT);
  const days = Math.floor(written / DAY);
  const { year, month, day } = civilFromDays(days);
  const rest = Math.floor(written - days * DAY);
  const hour = digits(Math.floor(rest / HOUR), 2);
  const minute = digits(Math.floor((rest % HOUR) / MINUTE), 2);
  const second = digits(Math.floor((rest % MINUTE) / SECOND), 2);
  const millis = rest % SECOND;
  const fraction = millis === 0 ? '' : `.${digits(millis, 3)}`;
  return `${digits(year, 4)}-${digits(month, 2)}-${digits(day, 2)}T${hour}:${minute}:${second}${fraction}Z`;
}

/** Is the instant inside? */
export function contains(interval: Interval, instant: number): boolean {
  return (
    (interval.from === undefined || instant >= interval.from) &&
    (interval.until === undefined || instant < interval.until)
  );
}

/** Is `inner` wholly inside `outer`? An absent end is open. */
export function encloses(outer: Interval, inner: Interval): boolean {
  return (
    (outer.from === undefined || (inner.from !== undefined && inner.from >= outer.from)) &&
    (outer.until === undefined || (inner.until !== undefined && inner.until <= outer.until))
  );
}

/** Do the two share an instant? */
export function overlaps(a: Interval, b: Interval): boolean {
  return startsBefore(a, b.until) && startsBefore(b, a.until);
}

function startsBefore(interval: Interval, until: number | undefined): boolean {
  return interval.from === undefined || until === undefined || interval.from < until;
}

/** A pair of FHIR dates or instants as an interval, or what is wrong with it. */
export function parsePeriod(
  start: string | undefined,
  end: string | undefined,
): { readonly interval: Interval } | { readonly wrong: 'start' | 'end' | 'order' } {
  const first = start === undefined ? undefined : parseDateTime(start);
  if (start !== undefined && first === undefined) return { wrong: 'start' };
  const last = end === undefined ? undefined : parseDateTime(end);
  if (end !== undefined && last === undefined) return { wrong: 'end' };
  if (first !== undefined && last !== undefined && last.until <= first.from) return { wrong: 'order' };
  return {
    interval: {
      ...(first === undefined ? {} : { from: first.from }),
      ...(last === undefined ? {} : { until: last.until }),
    },
  };
}

/** Whole hours or parts of them, in milliseconds. */
export function hours(count: number): number {
  return count * HOUR;
}

/** Whole milliseconds, so that nothing is rounded into the next second, and instants stay integers. */
function fractionMillis(fraction: string, plus: 0 | 1): number {
  const kept = fraction.slice(0, 3);
  return (Number(kept) + plus) * 10 ** (3 - kept.length);
}

/** Of what the text ends with: `Z` or `+05:30`. Undefined for no zone, or none that there is. */
function zoneOffset(text: string, at: number): number | undefined {
  const sign = text[at];
  if (sign === 'Z') return text.length === at + 1 ? 0 : undefined;
  if ((sign !== '+' && sign !== '-') || text.length !== at + 6 || text[at + 3] !== ':') return undefined;
  const zoneHours = number(text, at + 1, 2);
  const zoneMinutes = number(text, at + 4, 2);
  const offset = zoneHours * HOUR + zoneMinutes * MINUTE;
  if (zoneHours < 0 || zoneMinutes < 0 || offset > 14 * HOUR || zoneMinutes > 59) return undefined;
  return sign === '-' ? -offset : offset;
}

/** Not so many digits. */
const NONE = -1;

/** So many ASCII digits as a number, or `NONE`. */
function number(text: string, at: number, count: number): number {
  let value = 0;
  for (let index = at; index < at + count; index += 1) {
    const code = text.charCodeAt(index);
    if (!isDigit(code)) return NONE;
    value = value * 10 + code - 48;
  }
  return value;
}

/** False for the NaN of a place after the end. */
function isDigit(code: number): boolean {
  return code >= 48 && code <= 57;
}

function daysInMonth(year: number, month: number): number {
  if (month === 2) return isLeap(year) ? 29 : 28;
  return month === 4 || month === 6 || month === 9 || month === 11 ? 30 : 31;
}

function isLeap(year: number): boolean {
  return (year % 4 === 0 && year % 100 !== 0) || year % 400 === 0;
}

function midnight(year: number, month: number, day: number): number {
  return daysFromCivil(year, month, day) * DAY;
}

/** Days since 1970-01-01 in the proleptic Gregorian calendar; years are counted from March. */
function daysFromCivil(year: number, month: number, day: number): number {
  const y = month <= 2 ? year - 1 : year;
  const era = Math.floor(y / 400);
  const yearOfEra = y - era * 400;
  const dayOfYear = Math.floor((153 * ((month + 9) % 12) + 2) / 5) + day - 1;
  const dayOfEra = yearOfEra * 365 + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100) + dayOfYear;
  return era * 146097 + dayOfEra - 719468;
}

function civilFromDays(days: number): { year: number; month: number; day: number } {
  const shifted = days + 719468;
  const era = Math.floor(shifted / 146097);
  const dayOfEra = shifted - era * 146097;
  const yearOfEra = Math.floor(
    (dayOfEra - Math.floor(dayOfEra / 1460) + Math.floor(dayOfEra / 36524) - Math.floor(dayOfEra / 146096)) /
      365,
  );
  const dayOfYear = dayOfEra - (365 * yearOfEra + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100));
  const marchMonth = Math.floor((5 * dayOfYear + 2) / 153);
  const month = marchMonth < 10 ? marchMonth + 3 : marchMonth - 9;
  return {
    year: yearOfEra + era * 400 + (month <= 2 ? 1 : 0),
    month,
    day: dayOfYear - Math.floor((153 * marchMonth + 2) / 5) + 1,
  };
}

function digits(value: number, width: number): string {
  return String(value).padStart(width, '0');
}
