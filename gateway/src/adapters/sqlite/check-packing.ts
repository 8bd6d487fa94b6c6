import type { LoggedCheck } from '@consent-ledger/chaincode/wire/http';
import type { CheckedQuestion } from '../../ports/check-log.js';

/**
 * The questions of a call as JSON that says each text once: a call of hundreds names the same people, members, purposes and
 * reasons over and over, and what is not written need not be waited for.
 */
interface Packed {
  readonly texts: readonly string[];
  /**
   * One question after the other, texts by their places in `texts`: number of subjects, subjects, record (or -1), requester,
   * number of purposes, purposes, outcome, reason.
   */
  readonly rows: readonly number[];
}

const NO_RECORD = -1;

export function packChecks(checks: readonly CheckedQuestion[]): string {
  const places = new Map<string, number>();
  const rows: number[] = [];
  const put = (text: string): void => {
    const known = places.get(text);
    const place = known ?? places.size;
    if (known === undefined) places.set(text, place);
    rows.push(place);
  };
  for (const { subjects, record, requester, purpose, outcome, reason } of checks) {
    rows.push(subjects.length);
    for (const subject of subjects) put(subject);
    if (record === undefined) rows.push(NO_RECORD);
    else put(record);
    put(requester);
    rows.push(purpose.length);
    for (const one of purpose) put(one);
    put(outcome);
    put(reason);
  }
  const packed: Packed = { texts: [...places.keys()], rows };
  return JSON.stringify(packed);
}

/** Throws a RangeError where a place names no text: then the row is not one that was packed here. */
export function unpackChecks(json: string): LoggedCheck[] {
  const { texts, rows } = JSON.parse(json) as Packed;
  const checks: LoggedCheck[] = [];
  let at = 0;
  const next = (): number => {
    const value = rows[at];
    if (value === undefined) throw new RangeError('a call in the log of checks breaks off');
    at += 1;
    return value;
  };
  const text = (place = next()): string => {
    const found = texts[place];
    if (found === undefined)
      throw new RangeError('a call in the log of checks names a text that it does not have');
    return found;
  };
  const list = (): string[] => Array.from({ length: next() }, () => text());
  while (at < rows.length) {
    const subjects = list();
    const record = next();
    checks.push({
      subjects,
      ...(record === NO_RECORD ? {} : { record: text(record) }),
      requester: text(),
      purpose: list(),
      outcome: text() as LoggedCheck['outcome'],
      reason: text(),
    });
  }
  return checks;
}
