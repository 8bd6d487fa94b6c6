export const DAY_MS = 86_400_000;

/** What is looked at, and what it is measured by. All are days since the epoch, UTC. */
export interface Period {
  /** First day examined, and the first after. */
  readonly since: number;
  readonly until: number;
  /** First day of the shares that are compared with: 90 days before. */
  readonly shares: number;
  /** First day of what is known of anybody: 400 days before. */
  readonly from: number;
}

const SHARES_DAYS = 90;
const KNOWN_DAYS = 400;

/** Whole days, since hours, days and first contacts are counted by them. */
export function periodOf(since: number, until: number): Period {
  const first = Math.floor(since / DAY_MS);
  return {
    since: first,
    until: Math.max(first, Math.ceil(until / DAY_MS)),
    shares: first - SHARES_DAYS,
    from: first - KNOWN_DAYS,
  };
}
