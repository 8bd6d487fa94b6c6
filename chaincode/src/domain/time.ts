import type { Interval } from './policy.js';

const SECOND = 1000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

const FHIR_DATE_TIME =
  /^(\d{4})(?:-(\d{2})(?:-(\d{2})(?:T(\d{2}):(\d{2}):(\d{2})(?:\.(\d+))?(?:(Z)|([+-])(\d{2}):(\d{2})))?)?)?$/;

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
  const match = FHIR_DATE_TIME.exec(text);
  if (match === null) return undefined;
  const [, yyyy, mm, dd, hh, mi, ss, fraction, , sign, zoneHours, zoneMinutes] = match;
  const year = Number(yyyy);
  if (year === 0) return undefined;
  if (mm === undefined) return { from: midnight(year, 1, 1), until: midnight(year + 1, 1, 1) };
  const month = Number(mm);
  if (month < 1 || month > 12) return undefined;
  if (dd === undefined) {
    return {
      from: midnight(year, month, 1),
      until: month === 12 ? midnight(year + 1, 1, 1) : midnight(year, month + 1, 1),
    };
  }
  const day = Number(dd);
  if (day < 1 || day > daysInMonth(year, month)) return undefined;
  const start = midnight(year, month, day);
  if (hh === undefined) return { from: start, until: start + DAY };
  const offset = zoneOffset(sign, zoneHours, zoneMinutes);
  // Seconds run to 60 in FHIR, for leap seconds; that second is counted as the one that follows.
  if (offset === undefined || Number(hh) > 23 || Number(mi) > 59 || Number(ss) > 60) return undefined;
  const second = start + Number(hh) * HOUR + Number(mi) * MINUTE + Number(ss) * SECOND - offset;
  if (fraction === undefined) return { from: second, until: second + SECOND };
  return {
    from: second + fractionMillis(fraction, 0),
    until: second + fractionMillis(fraction, 1),
  };
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
  const time = [rest / HOUR, (rest % HOUR) / MINUTE, (rest % MINUTE) / SECOND]
    .map((part) => digits(Math.floor(part), 2))
    .join(':');
  const millis = rest % SECOND;
  const fraction = millis === 0 ? '' : `.${digits(millis, 3)}`;
  return `${digits(year, 4)}-${digits(month, 2)}-${digits(day, 2)}T${time}${fraction}Z`;
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

function zoneOffset(
  sign: string | undefined,
  zoneHours: string | undefined,
  zoneMinutes: string | undefined,
): number | undefined {
  if (sign === undefined) return 0;
  const offset = Number(zoneHours) * HOUR + Number(zoneMinutes) * MINUTE;
  if (offset > 14 * HOUR || Number(zoneMinutes) > 59) return undefined;
  return sign === '-' ? -offset : offset;
}

function daysInMonth(year: number, month: number): number {
  if (month === 2) return isLeap(year) ? 29 : 28;
  return [4, 6, 9, 11].includes(month) ? 30 : 31;
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
