const FHIR_DATE =
  /^(\d{4})(?:-(\d{2})(?:-(\d{2})(T\d{2}:\d{2}:\d{2}(?:\.\d{1,9})?(?:Z|[+-]\d{2}:\d{2}))?)?)?$/;
/** Where in a month, and in a year, a date is taken to lie that says no more. */
const MIDDLE_OF_MONTH = 15;
const MIDDLE_OF_YEAR = [7, 2] as const;
const DAY_MS = 86_400_000;

/**
 * A FHIR date, dateTime or instant (R4 section 2.24.0.1), so many days later, in its own precision; time of day and zone stay, so that
 * the time between two that are moved by the same days stays what it was. Undefined for what is no such date, or would be none.
 */
export function shiftDate(text: string, days: number): string | undefined {
  const [, year, month, day, rest = ''] = FHIR_DATE.exec(text) ?? [];
  if (year === undefined) return undefined;
  const [middleMonth, middleDay] = month === undefined ? MIDDLE_OF_YEAR : [month, MIDDLE_OF_MONTH];
  const moved = plusDays([+year, +middleMonth, +(day ?? middleDay)], days);
  if (moved === undefined) return undefined;
  if (month === undefined) return moved.slice(0, 4);
  return day === undefined ? moved.slice(0, 7) : `${moved}${rest}`;
}

function plusDays([year, month, day]: readonly [number, number, number], days: number): string | undefined {
  const date = new Date(0);
  // Date.UTC would take the years 0 to 99 for those of the last century.
  date.setUTCFullYear(year, month - 1, day);
  if (date.getUTCMonth() !== month - 1 || date.getUTCDate() !== day) return undefined;
  const text = new Date(date.getTime() + days * DAY_MS).toISOString();
  return /^\d{4}-\d{2}-\d{2}T/.test(text) ? text.slice(0, 10) : undefined;
}
